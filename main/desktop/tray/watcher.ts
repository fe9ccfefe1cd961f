/**
 * Linux: a tray icon is a StatusNotifierItem, shown by a watcher on the session bus. A watcher that starts after the app (the desktop logs in
 * in any order) is never told of the icon by Chromium, so we look out for it and make the icon anew.
 */
import dbus from 'dbus-next';
import { sessionBusAddress } from '../../platform/dbus/bus.js';

const watcherName = 'org.kde.StatusNotifierWatcher';
const busName = 'org.freedesktop.DBus';

export interface TrayWatcher {
  /** Whether a tray is there at this moment. */
  present(): Promise<boolean>;
  close(): void;
}

/** @param appeared called when a watcher starts. Without a session bus nothing ever happens. */
export function watchTray(appeared: () => void, log: (message: string) => void): TrayWatcher {
  const address = sessionBusAddress(process.env);
  if (address === null) return { present: () => Promise.resolve(false), close: () => undefined };
  const bus = dbus.sessionBus({ busAddress: address });
  bus.on('error', (error: Error) => log(`The session bus is not reachable: ${error.message}`));
  const call = (member: string, argument: string): Promise<dbus.Message | null> => bus.call(new dbus.Message({
    destination: busName, path: '/org/freedesktop/DBus', interface: busName, member, signature: 's', body: [argument],
  }));
  bus.on('message', (message: dbus.Message) => {
    if (message.sender !== busName || message.member !== 'NameOwnerChanged') return;
    const [name, , owner] = message.body as unknown[];
    if (name === watcherName && typeof owner === 'string' && owner !== '') appeared();
  });
  call('AddMatch', `type='signal',sender='${busName}',interface='${busName}',member='NameOwnerChanged',arg0='${watcherName}'`)
    .catch((error: unknown) => log(`The tray cannot be watched: ${String(error)}`));
  return {
    present: async () => {
      const reply = await call('NameHasOwner', watcherName).catch(() => null);
      return reply?.body[0] === true;
    },
    close: () => bus.disconnect(),
  };
}
