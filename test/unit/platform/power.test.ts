import { describe, expect, it } from 'vitest';
import type { SystemPower } from '../../../main/platform/power/linux.js';
import { drawsFromBattery } from '../../../main/platform/power/macos.js';
import { openPower } from '../../../main/platform/power/power.js';
import type { SignalPorts } from '../../../main/platform/power/signals.js';

function world() {
  let time = 0;
  let addresses = '10.0.0.2';
  let look = (): void => undefined;
  let looking = false;
  const signals: SignalPorts = {
    now: () => time,
    addresses: () => addresses,
    every: (_ms, callback) => {
      look = callback;
      looking = true;
      return () => { looking = false; };
    },
  };
  let wakeUp = (): void => undefined;
  const system: SystemPower = {
    isOnBattery: () => Promise.resolve(true), isMetered: () => Promise.resolve(false),
    watch: (onWake) => { wakeUp = onWake; }, stop: () => undefined,
  };
  const power = openPower({}, system, signals);
  const told: string[] = [];
  return {
    power, told, isLooking: () => looking,
    listen: () => [power.onWake(() => told.push('wake')), power.onNetworkChange(() => told.push('network'))],
    pass: (ms: number, now?: string) => { time += ms; addresses = now ?? addresses; look(); },
    wakeUp: () => wakeUp(),
  };
}

describe('power and network', () => {
  it('watches only while somebody listens', () => {
    const { isLooking, listen, power } = world();
    expect(isLooking()).toBe(false);
    listen();
    expect(isLooking()).toBe(true);
    power.close();
    expect(isLooking()).toBe(false);
  });

  it('takes a jump of the clock for a wake, and the system at its word', () => {
    const { told, listen, pass, wakeUp } = world();
    const [endWake] = listen();
    pass(5_000);
    pass(9_000);
    expect(told).toEqual([]);
    pass(3_600_000);
    expect(told).toEqual(['wake']);
    wakeUp();
    expect(told).toEqual(['wake', 'wake']);
    endWake?.();
    wakeUp();
    expect(told).toHaveLength(2);
  });

  it('takes other addresses for another network, once', () => {
    const { told, listen, pass } = world();
    listen();
    pass(5_000, '192.168.1.7');
    pass(5_000);
    expect(told).toEqual(['network']);
  });

  it('reads pmset', () => {
    expect(drawsFromBattery("Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t95%; discharging;")).toBe(true);
    expect(drawsFromBattery("Now drawing from 'AC Power'\n -InternalBattery-0 (id=1)\t95%; charged;")).toBe(false);
    expect(drawsFromBattery('')).toBe(false);
  });
});
