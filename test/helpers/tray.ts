/** A tray icon as the desktop sees it: StatusNotifierItem and com.canonical.dbusmenu over the session bus. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { int32Variant, type SessionBus } from './session-bus.js';
import { until } from './until.js';

const itemInterface = 'org.kde.StatusNotifierItem';
const menuInterface = 'com.canonical.dbusmenu';

const pixmapSchema = z.tuple([z.number(), z.number(), z.instanceof(Buffer)]);
const itemSchema = z.object({
  Id: z.string().optional(),
  Menu: z.string(),
  ToolTip: z.tuple([z.string(), z.array(z.unknown()), z.string(), z.string()]),
  IconPixmap: z.array(pixmapSchema).optional(),
  IconName: z.string().optional(),
});

export interface MenuItem {
  readonly id: number;
  /** As a person reads it: without mnemonic marks. Empty for a separator. */
  readonly label: string;
  readonly enabled: boolean;
  readonly visible: boolean;
  readonly separator: boolean;
  /** Undefined for an item that is neither a checkbox nor a radio button. */
  readonly checked: boolean | undefined;
  /** 0 for the menu's own items, 1 for those of a submenu. */
  readonly depth: number;
}

export class TrayIcon {
  private constructor(
    private readonly bus: SessionBus,
    private readonly service: string,
    private readonly path: string,
  ) {}

  /** Every icon in the tray, or those of one process. */
  static async all(bus: SessionBus, pid?: number): Promise<TrayIcon[]> {
    const [registered] = await bus.call({
      destination: 'org.kde.StatusNotifierWatcher', path: '/StatusNotifierWatcher', interface: 'org.freedesktop.DBus.Properties',
      member: 'Get', signature: 'ss', body: ['org.kde.StatusNotifierWatcher', 'RegisteredStatusNotifierItems'],
    });
    const icons: TrayIcon[] = [];
    for (const item of z.array(z.string()).parse(registered)) {
      const slash = item.indexOf('/');
      const service = item.slice(0, slash);
      if (pid === undefined || (await ownerOf(bus, service)) === pid) icons.push(new TrayIcon(bus, service, item.slice(slash)));
    }
    return icons;
  }

  /** The only icon in the tray, or the one of a process, as soon as it is there and has its menu. */
  static async find(bus: SessionBus, options: { pid?: number | undefined; limit?: number } = {}): Promise<TrayIcon> {
    return until('the tray shows the icon', async () => {
      const [icon] = await TrayIcon.all(bus, options.pid);
      return icon !== undefined && (await icon.menu()).length > 0 && icon;
    }, options.limit);
  }

  async tooltip(): Promise<string> {
    const { ToolTip: [, , title, description] } = await this.#properties();
    return [title, description].filter((part) => part !== '').join('\n');
  }

  /** A hash of the picture shown now: two states with different pictures have different ones. */
  async picture(): Promise<string> {
    const { IconPixmap: pixmaps = [], IconName: name = '' } = await this.#properties();
    const hash = createHash('sha256').update(name);
    for (const [width, height, pixels] of pixmaps) hash.update(`${width}x${height}`).update(pixels);
    return hash.digest('hex');
  }

  /** All items in the order shown, those of submenus after their parent. */
  async menu(): Promise<MenuItem[]> {
    const { Menu: path } = await this.#properties();
    const [, layout] = await this.#menu(path, 'GetLayout', 'iias', [0, -1, []]);
    return flatten(layout).slice(1);
  }

  /** Clicks the item with this label (or the first that matches) as soon as it is there and enabled. Ids change whenever the app sets its menu. */
  async click(label: string | RegExp, limit = 20_000): Promise<void> {
    const matches = (item: MenuItem) => (typeof label === 'string' ? item.label === label : label.test(item.label));
    const item = await until(`the tray menu has an enabled "${label}"`, async () => (await this.menu()).find((one) => one.enabled && one.visible && matches(one)), limit);
    const { Menu: path } = await this.#properties();
    await this.#menu(path, 'Event', 'isvu', [item.id, 'clicked', int32Variant(0), 0]);
  }

  /** The primary click on the icon itself. */
  async activate(): Promise<void> {
    await this.bus.call({ destination: this.service, path: this.path, interface: itemInterface, member: 'Activate', signature: 'ii', body: [0, 0] });
  }

  async #properties(): Promise<z.infer<typeof itemSchema>> {
    const [all] = await this.bus.call({
      destination: this.service, path: this.path, interface: 'org.freedesktop.DBus.Properties', member: 'GetAll', signature: 's', body: [itemInterface],
    });
    return itemSchema.parse(all);
  }

  #menu(path: string, member: string, signature: string, body: unknown[]): Promise<unknown[]> {
    return this.bus.call({ destination: this.service, path, interface: menuInterface, member, signature, body });
  }
}

async function ownerOf(bus: SessionBus, service: string): Promise<number> {
  const [pid] = await bus.call({
    destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'GetConnectionUnixProcessID', signature: 's', body: [service],
  });
  return z.number().parse(pid);
}

const nodeSchema = z.tuple([z.number(), z.record(z.string(), z.unknown()), z.array(z.unknown())]);

function flatten(node: unknown, depth = -1): MenuItem[] {
  const [id, properties, children] = nodeSchema.parse(node);
  const label = typeof properties['label'] === 'string' ? properties['label'].replace(/_(.)/g, '$1') : '';
  const item: MenuItem = {
    id,
    label,
    enabled: properties['enabled'] !== false,
    visible: properties['visible'] !== false,
    separator: properties['type'] === 'separator',
    checked: properties['toggle-type'] ? properties['toggle-state'] === 1 : undefined,
    depth,
  };
  return [item, ...children.flatMap((child) => flatten(child, depth + 1))];
}
