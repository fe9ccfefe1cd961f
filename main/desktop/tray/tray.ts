/** The tray icon on screen. It is handed models and hands back actions; what they mean is decided elsewhere. */
import { Menu, nativeImage, Tray, type MenuItemConstructorOptions, type NativeImage } from 'electron';
import type { TrayAction, TrayIcon, TrayItem, TrayModel } from './menu.js';

export interface TrayEdge {
  show(model: TrayModel): void;
  /** Makes the icon anew: a desktop that starts after the app does not know the old one. */
  recreate(): void;
  close(): void;
}

export interface TrayOptions {
  /** Path of the image for an icon; Electron finds the @2x file beside it. */
  readonly imagePath: (icon: TrayIcon) => string;
  /** On macOS images are templates: black with alpha, coloured by the menu bar. */
  readonly template: boolean;
  readonly act: (action: TrayAction) => void;
}

export function createTray({ imagePath, template, act }: TrayOptions): TrayEdge {
  const images = new Map<TrayIcon, NativeImage>();
  let tray: Tray | null = null;
  let shown: TrayModel | null = null;
  let shownMenu = '';
  let shownIcon: TrayIcon | null = null;

  const image = (icon: TrayIcon): NativeImage => {
    const known = images.get(icon);
    if (known !== undefined) return known;
    const loaded = nativeImage.createFromPath(imagePath(icon));
    loaded.setTemplateImage(template);
    images.set(icon, loaded);
    return loaded;
  };

  const show = (model: TrayModel): void => {
    shown = model;
    if (tray === null) {
      tray = new Tray(image(model.icon));
      tray.on('click', () => act({ type: 'open' }));
    } else if (shownIcon !== model.icon) {
      tray.setImage(image(model.icon));
    }
    shownIcon = model.icon;
    tray.setToolTip(model.tooltip);
    // An open menu closes when it is replaced, so replace it only when it says something new.
    const menu = JSON.stringify(model.menu);
    if (menu !== shownMenu) tray.setContextMenu(Menu.buildFromTemplate(model.menu.map((item) => menuEntry(item, act))));
    shownMenu = menu;
  };

  const drop = (): void => {
    tray?.destroy();
    tray = null;
    shownMenu = '';
  };

  return {
    show,
    recreate: () => {
      drop();
      if (shown !== null) show(shown);
    },
    close: drop,
  };
}

function menuEntry(item: TrayItem, act: (action: TrayAction) => void): MenuItemConstructorOptions {
  if (item.kind === 'separator') return { type: 'separator' };
  // An ampersand would mark the next letter as the access key.
  const label = item.label.replaceAll('&', '&&');
  if (item.kind === 'submenu') return { label, submenu: item.items.map((child) => menuEntry(child, act)) };
  const { action, checked } = item;
  return action === null ? { label, enabled: false } : { label, ...(checked === undefined ? {} : { type: 'checkbox', checked }), click: () => act(action) };
}
