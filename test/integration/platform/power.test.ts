import dbus from 'dbus-next';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectBus } from '../../../main/platform/dbus/bus.js';
import { linuxPower } from '../../../main/platform/power/linux.js';
import { until } from '../../helpers/until.js';
import { bareBus } from './private-bus.js';

/** The one property of UPower and of NetworkManager that is read, served on a bus of the test. */
async function services(address: string, values: { onBattery: boolean; metered: number }): Promise<{ sleep(sleeps: boolean): void }> {
  const bus = dbus.sessionBus({ busAddress: address });
  onTestFinished(() => bus.disconnect());
  bus.addMethodHandler((message: dbus.Message) => {
    if (message.member !== 'Get') return false;
    const value = message.body[1] === 'OnBattery' ? new dbus.Variant('b', values.onBattery) : new dbus.Variant('u', values.metered);
    bus.send(dbus.Message.newMethodReturn(message, 'v', [value]));
    return true;
  });
  await bus.requestName('org.freedesktop.UPower', 0);
  await bus.requestName('org.freedesktop.NetworkManager', 0);
  return { sleep: (sleeps) => bus.send(dbus.Message.newSignal('/org/freedesktop/login1', 'org.freedesktop.login1.Manager', 'PrepareForSleep', 'b', [sleeps])) };
}

describe.runIf(process.platform === 'linux')('power on Linux', () => {
  it('without a bus is plugged in and not metered', async () => {
    const power = linuxPower({ DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nowhere/bus' });
    expect([await power.isOnBattery(), await power.isMetered()]).toEqual([false, false]);
    power.stop();
  });

  it('with a bus and no services is plugged in and not metered', async () => {
    const power = linuxPower({ DBUS_SYSTEM_BUS_ADDRESS: await bareBus() });
    expect([await power.isOnBattery(), await power.isMetered()]).toEqual([false, false]);
    power.stop();
  });

  it('believes UPower, NetworkManager and logind', async () => {
    const address = await bareBus();
    const { sleep } = await services(address, { onBattery: true, metered: 3 });
    const power = linuxPower({ DBUS_SYSTEM_BUS_ADDRESS: address });
    expect([await power.isOnBattery(), await power.isMetered()]).toEqual([true, true]);
    power.stop();

    const watching = linuxPower({ DBUS_SYSTEM_BUS_ADDRESS: address });
    let woken = 0;
    watching.watch(() => { woken += 1; }, () => undefined);
    await until('logind is heard', () => {
      sleep(true);
      sleep(false);
      return woken > 0;
    });
    const seen = woken;
    sleep(true);
    const other = await connectBus(address);
    await other.call({ destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'GetId' });
    other.close();
    expect(woken - seen).toBeLessThan(2); // going to sleep is no wake
    watching.stop();
  });
});
