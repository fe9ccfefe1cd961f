/**
 * What Linux knows of power and network: UPower, NetworkManager and logind on the system bus. Each of them may be missing: then the
 * computer counts as plugged in, its network as free of charge, and no event comes from there.
 */
import { connectBus, systemBusAddress, type Bus } from '../dbus/bus.js';

export interface SystemPower {
  isOnBattery(): Promise<boolean>;
  isMetered(): Promise<boolean>;
  /** Passes events on until `stop`. */
  watch(onWake: () => void, onNetworkChange: () => void): void;
  stop(): void;
}

/** ms until a bus that was not there is tried again. */
const tryAgainAfter = 60_000;
/** NM_METERED_YES and NM_METERED_GUESS_YES: https://networkmanager.dev/docs/api/latest/nm-dbus-types.html */
const metered: readonly unknown[] = [1, 3];

export function linuxPower(env: Readonly<Record<string, string | undefined>>): SystemPower {
  let connection: Promise<Bus | null> | null = null;
  let watcher: { onWake: () => void; onNetworkChange: () => void } | null = null;
  let stopped = false;

  const lose = (): void => {
    connection = Promise.resolve(null);
    setTimeout(() => {
      connection = null;
      if (watcher !== null && !stopped) void bus();
    }, tryAgainAfter).unref();
  };
  const open = async (): Promise<Bus | null> => {
    try {
      const opened = await connectBus(systemBusAddress(env));
      opened.onLost(lose);
      if (watcher !== null) await listen(opened, watcher);
      return opened;
    } catch {
      lose();
      return null;
    }
  };
  const bus = (): Promise<Bus | null> => (connection ??= open());
  const property = async (destination: string, path: string, name: `${string}.${string}`): Promise<unknown> => {
    if (stopped) return undefined;
    try {
      return await (await bus())?.property(destination, path, name, 2_000);
    } catch {
      return undefined; // that service is not there
    }
  };

  return {
    isOnBattery: async () => (await property('org.freedesktop.UPower', '/org/freedesktop/UPower', 'org.freedesktop.UPower.OnBattery')) === true,
    isMetered: async () => metered.includes(await property('org.freedesktop.NetworkManager', '/org/freedesktop/NetworkManager', 'org.freedesktop.NetworkManager.Metered')),
    watch: (onWake, onNetworkChange) => {
      watcher = { onWake, onNetworkChange };
      void bus();
    },
    stop: () => {
      stopped = true;
      void connection?.then((opened) => opened?.close());
    },
  };
}

async function listen(bus: Bus, { onWake, onNetworkChange }: { onWake: () => void; onNetworkChange: () => void }): Promise<void> {
  await bus.onSignal({ path: '/org/freedesktop/login1', interface: 'org.freedesktop.login1.Manager', member: 'PrepareForSleep' }, ([sleeps]) => {
    if (sleeps === false) onWake();
  });
  await bus.onSignal({ path: '/org/freedesktop/NetworkManager', interface: 'org.freedesktop.NetworkManager', member: 'StateChanged' }, onNetworkChange);
}
