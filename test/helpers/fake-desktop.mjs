// @ts-check
/**
 * A small desktop for tests on the session bus: a host for tray icons (StatusNotifierWatcher) and a notification server
 * that remembers what it was asked to show. Says `ready` when an app may start: an icon registered before a watcher is
 * there is never seen. Tests talk to it through desktop.ts and tray.ts. Plain JavaScript, because `npm test` starts it.
 */
import dbus from 'dbus-next';

const { Interface } = dbus.interface;

/** @typedef {{id: number, app: string, title: string, body: string, actions: string[], open: boolean}} Shown */

class Notifications extends Interface {
  /** @type {Shown[]} */
  shown = [];
  #lastId = 0;

  constructor() {
    super('org.freedesktop.Notifications');
  }

  /** @param {string} app @param {number} replaces @param {string} _icon @param {string} title @param {string} body @param {string[]} actions */
  Notify(app, replaces, _icon, title, body, actions) {
    const id = replaces || ++this.#lastId;
    this.shown = this.shown.filter((one) => one.id !== id);
    this.shown.push({ id, app, title, body, actions, open: true });
    return id;
  }

  /** @param {number} id */
  CloseNotification(id) {
    this.close(id, 3);
  }

  GetCapabilities() {
    return ['body', 'actions', 'persistence'];
  }

  GetServerInformation() {
    return ['holdfast-test-desktop', 'holdfast', '1', '1.2'];
  }

  /** @param {number} id @param {string} action */
  ActionInvoked(id, action) {
    return [id, action];
  }

  /** @param {number} id @param {number} reason */
  NotificationClosed(id, reason) {
    return [id, reason];
  }

  /** @param {number} id @param {number} reason */
  close(id, reason) {
    for (const one of this.shown) if (one.id === id) one.open = false;
    this.NotificationClosed(id, reason);
  }
}
Notifications.configureMembers({
  methods: {
    Notify: { inSignature: 'susssasa{sv}i', outSignature: 'u' },
    CloseNotification: { inSignature: 'u', outSignature: '' },
    GetCapabilities: { inSignature: '', outSignature: 'as' },
    GetServerInformation: { inSignature: '', outSignature: 'ssss' },
  },
  signals: { ActionInvoked: { signature: 'us' }, NotificationClosed: { signature: 'uu' } },
});

/** What a test sees and does as the person at this desktop. */
class Person extends Interface {
  #notifications;

  /** @param {Notifications} notifications */
  constructor(notifications) {
    super('io.holdfast.test.Desktop');
    this.#notifications = notifications;
  }

  Notifications() {
    return JSON.stringify(this.#notifications.shown);
  }

  Forget() {
    this.#notifications.shown = [];
  }

  /** @param {number} id @param {string} action */
  Click(id, action) {
    this.#notifications.ActionInvoked(id, action);
    this.#notifications.close(id, 2);
  }
}
Person.configureMembers({
  methods: {
    Notifications: { inSignature: '', outSignature: 's' },
    Forget: { inSignature: '', outSignature: '' },
    Click: { inSignature: 'us', outSignature: '' },
  },
});

class Watcher extends Interface {
  /** @type {string[]} */
  items = [];

  constructor() {
    super('org.kde.StatusNotifierWatcher');
  }

  get RegisteredStatusNotifierItems() {
    return this.items;
  }

  get IsStatusNotifierHostRegistered() {
    return true;
  }

  get ProtocolVersion() {
    return 0;
  }

  /** @param {string} service a bus name, with or without an object path behind it */
  RegisterStatusNotifierItem(service) {
    const item = service.includes('/') ? service : `${service}/StatusNotifierItem`;
    if (!this.items.includes(item)) this.items.push(item);
    this.StatusNotifierItemRegistered(item);
  }

  RegisterStatusNotifierHost() {}

  /** @param {string} item */
  StatusNotifierItemRegistered(item) {
    return item;
  }

  /** @param {string} item */
  StatusNotifierItemUnregistered(item) {
    return item;
  }

  /** Forgets the icons of a program that left the bus. @param {string} busName */
  left(busName) {
    const gone = this.items.filter((item) => item.startsWith(`${busName}/`));
    this.items = this.items.filter((item) => !gone.includes(item));
    for (const item of gone) this.StatusNotifierItemUnregistered(item);
  }
}
Watcher.configureMembers({
  properties: {
    RegisteredStatusNotifierItems: { signature: 'as', access: 'read' },
    IsStatusNotifierHostRegistered: { signature: 'b', access: 'read' },
    ProtocolVersion: { signature: 'i', access: 'read' },
  },
  methods: {
    RegisterStatusNotifierItem: { inSignature: 's', outSignature: '' },
    RegisterStatusNotifierHost: { inSignature: 's', outSignature: '' },
  },
  signals: { StatusNotifierItemRegistered: { signature: 's' }, StatusNotifierItemUnregistered: { signature: 's' } },
});

const bus = dbus.sessionBus();
const notifications = new Notifications();
const watcher = new Watcher();
bus.export('/org/freedesktop/Notifications', notifications);
bus.export('/StatusNotifierWatcher', watcher);
bus.export('/io/holdfast/test', new Person(notifications));
const daemon = await bus.getProxyObject('org.freedesktop.DBus', '/org/freedesktop/DBus');
daemon.getInterface('org.freedesktop.DBus').on('NameOwnerChanged', (/** @type {string} */ name, /** @type {string} */ _old, /** @type {string} */ owner) => {
  if (owner === '') watcher.left(name);
});
for (const name of ['org.freedesktop.Notifications', 'org.kde.StatusNotifierWatcher', 'io.holdfast.test.Desktop']) await bus.requestName(name, 0);
process.stdout.write('ready\n');
