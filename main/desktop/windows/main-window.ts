/** The one window: made when opened, destroyed when closed (it costs 60 MB that nobody needs while the tray is enough). */
import { BrowserWindow, nativeTheme, screen } from 'electron';
import type { Document } from '../../agent/ports.js';
import type { IpcEvent, IpcEvents } from '../../shared/ipc.js';
import { eventChannel } from '../../shared/channels.js';
import { appOrigin } from './pages.js';
import { placeWindow, smallestSize, type WindowState } from './window-state.js';

export interface MainWindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly state: Document<WindowState>;
  readonly log: (message: string) => void;
}

export class MainWindow {
  private window: BrowserWindow | null = null;
  private crashes = 0;

  constructor(private readonly options: MainWindowOptions) {}

  get current(): BrowserWindow | null {
    return this.window;
  }

  /** Opens the window, or brings it to the front. @param place the one to show, instead of the one that is shown */
  open(place?: IpcEvents['show']['place']): void {
    if (this.window !== null) {
      if (place !== undefined) this.send('show', { place });
      if (this.window.isMinimized()) this.window.restore();
      this.window.show();
      this.window.focus();
      return;
    }
    const { icon, log, preload, state } = this.options;
    const kept = state.read();
    const window = new BrowserWindow({
      ...placeWindow(kept, screen.getAllDisplays().map((display) => display.workArea)),
      minWidth: smallestSize.width,
      minHeight: smallestSize.height,
      show: false,
      title: 'Holdfast',
      icon,
      autoHideMenuBar: true,
      // The colour before the first paint; tokens.css has the same two.
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#f6f7f9',
      webPreferences: { preload, sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false, spellcheck: false },
    });
    this.window = window;
    if (kept.maximized) window.maximize();
    window.once('ready-to-show', () => window.show());
    window.on('close', () => {
      state.write({ bounds: window.getNormalBounds(), maximized: window.isMaximized() })
        .catch((error: unknown) => log(`The window's place could not be kept: ${String(error)}`));
    });
    window.on('closed', () => { this.window = null; });
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      log(`The window's process ended (${reason})`);
      // Once is an accident; a page that ends again and again is closed, and the tray stays.
      this.crashes += 1;
      if (reason === 'clean-exit') return;
      if (this.crashes <= 3) window.reload();
      else window.destroy();
    });
    // A page that is still loading hears no event.
    window.loadURL(`${appOrigin}/${place === undefined ? '' : `#${place}`}`).catch((error: unknown) => log(`The window could not be loaded: ${String(error)}`));
  }

  /** Tells the page, if there is one. */
  send<E extends IpcEvent>(event: E, payload: IpcEvents[E]): void {
    const contents = this.window?.webContents;
    if (contents !== undefined && !contents.isDestroyed() && !contents.isCrashed()) contents.send(eventChannel, { event, payload });
  }
}
