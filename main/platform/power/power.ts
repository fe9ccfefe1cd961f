/** The agent's view of power and network on this computer, for plain Node. */
import type { PowerAndNetwork } from '../../agent/ports.js';
import { linuxPower, type SystemPower } from './linux.js';
import { macPower } from './macos.js';
import { systemSignals, watchSignals, type SignalPorts } from './signals.js';

export interface Power extends PowerAndNetwork {
  close(): void;
}

const systemPower = (env: NodeJS.ProcessEnv): SystemPower => (process.platform === 'darwin' ? macPower() : linuxPower(env));

/** Watches only while somebody listens. */
export function openPower(env: NodeJS.ProcessEnv, system: SystemPower = systemPower(env), signals: SignalPorts = systemSignals): Power {
  const wake = new Set<() => void>();
  const network = new Set<() => void>();
  const tell = (listeners: ReadonlySet<() => void>) => (): void => {
    for (const listener of [...listeners]) listener();
  };
  let end: (() => void) | null = null;
  const subscribe = (listeners: Set<() => void>, callback: () => void): (() => void) => {
    // A wrapper of its own, so that one callback may be subscribed twice.
    const listener = (): void => callback();
    listeners.add(listener);
    if (end === null) {
      end = watchSignals(signals, tell(wake), tell(network));
      system.watch(tell(wake), tell(network));
    }
    return () => listeners.delete(listener);
  };
  return {
    onWake: (callback) => subscribe(wake, callback),
    onNetworkChange: (callback) => subscribe(network, callback),
    isOnBattery: () => system.isOnBattery(),
    isMetered: () => system.isMetered(),
    close: () => {
      end?.();
      wake.clear();
      network.clear();
      system.stop();
    },
  };
}
