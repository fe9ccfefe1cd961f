/**
 * The app's first file: one instance, the app:// scheme, and the rooms put together. What each of them does is in its own file.
 * Nothing here waits for `ready` at top level: Electron would wait for this file in turn.
 */
import path from 'node:path';
import { app, Menu, nativeTheme, session } from 'electron';
import { findPaths } from '../platform/paths/paths.js';
import { catchTheRest, failToStart } from './crash.js';
import { startDesktop, type Desktop } from './desktop.js';
import { quitCleanly } from './quit.js';
import { denyPermissions, guardPages } from './windows/guard.js';
import { declareScheme, serveScheme } from './windows/scheme.js';

/** `--background`: the tray only, as the user service starts it. */
interface StartMessage {
  readonly background: boolean;
}

const isStartMessage = (data: unknown): data is StartMessage => typeof data === 'object' && data !== null && 'background' in data && data.background === true;

function begin(): void {
  app.setName('Holdfast');
  const paths = findPaths({ env: process.env, platform: process.platform, home: app.getPath('home') });
  // Chromium's own files; the single-instance lock is among them, so every data folder has one app.
  app.setPath('userData', path.join(paths.dataFolder, 'window'));
  const background = process.argv.includes('--background');
  if (!app.requestSingleInstanceLock({ background } satisfies StartMessage)) {
    console.error('Holdfast is running already; its window opens.');
    app.exit(0);
    return;
  }
  declareScheme();
  guardPages(app);

  let desktop: Desktop | null = null;
  let wantsWindow = !background;
  const log = (message: string): void => desktop?.log('error', message) ?? console.error(message);
  const open = (): void => {
    wantsWindow = true;
    desktop?.open();
  };
  catchTheRest({ log });
  app.on('second-instance', (_event, _argv, _folder, data) => {
    if (!isStartMessage(data)) open();
  });
  app.on('activate', open);
  app.on('window-all-closed', () => undefined); // the tray stays

  const start = async (): Promise<void> => {
    Menu.setApplicationMenu(process.platform === 'darwin' ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]) : null);
    if (background) app.dock?.hide();
    nativeTheme.themeSource = 'system';
    denyPermissions(session.defaultSession);
    serveScheme(session.defaultSession, path.join(app.getAppPath(), 'out', 'renderer', 'window'));
    quitCleanly({ control: () => desktop?.runsHere ?? null, close: async () => desktop?.close(), log });
    desktop = await startDesktop({ paths, root: app.getAppPath(), version: app.getVersion() });
    if (wantsWindow) desktop.open();
  };
  app.whenReady().then(start).catch(failToStart);
}

try {
  begin();
} catch (thrown) {
  failToStart(thrown);
}
