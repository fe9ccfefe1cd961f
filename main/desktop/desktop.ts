/** The desktop's own composition: tray, window, IPC and notifications around a running agent. */
import path from 'node:path';
import { app } from 'electron';
import type { AgentControl, AgentState } from '../shared/control.js';
import { asHoldfastError } from '../shared/errors.js';
import type { LogLevel } from '../shared/model.js';
import { pauseChoices } from '../shared/pause.js';
import { activeRun, isWorking } from '../shared/phrases.js';
import type { Paths } from '../platform/paths/paths.js';
import { openUserService, type UserService } from '../platform/service/index.js';
import { openComputer, type Computer } from './computer.js';
import { answer } from './ipc/answer.js';
import { openChannel } from './ipc/channel.js';
import type { Notice } from './notifications/notices.js';
import { notifyOfRuns, showNotice } from './notifications/notifications.js';
import { trayModel, type TrayAction, type TrayIcon } from './tray/menu.js';
import { developmentFolder, settingsHandlers, type SettingsHandlers } from './settings/handlers.js';
import { removalHandlers, type RemovalHandlers } from './settings/removal.js';
import { StartAtLogin } from './settings/startup.js';
import { createTray } from './tray/tray.js';
import { watchTray } from './tray/watcher.js';
import { answers, followReplacement, openUpdates } from './update/open.js';
import { updateSource } from './update/source.js';
import type { Updates } from './update/updates.js';
import { MainWindow } from './windows/main-window.js';
import { appOrigin } from './windows/pages.js';
import { openDashboard, windowHandlers } from './windows/window-handlers.js';

export interface Desktop {
  open(): void;
  log(level: LogLevel, message: string): void;
  /** The agent, if this process runs it: quitting then ends it. */
  readonly runsHere: AgentControl | null;
  close(): Promise<void>;
}

export interface DesktopOptions {
  readonly paths: Paths;
  /** The app's folder, which holds out/. */
  readonly root: string;
  readonly version: string;
}

/** Shown sizes differ from desktop to desktop; 22 px is the StatusNotifierItem's usual one, with a doubled file beside it. */
const trayImage = (root: string, icon: TrayIcon): string =>
  path.join(root, 'out', 'icons', 'tray', process.platform === 'darwin' ? `${icon}Template.png` : `${icon}-22.png`);

export async function startDesktop({ paths, root, version }: DesktopOptions): Promise<Desktop> {
  const updates = await openUpdates({ paths, version });
  // The version before is put back: this process is about to leave, and must not touch what the other one needs.
  if (updates !== null && !(await updates.begin())) return new Promise(() => undefined);
  /** The hub may have something to tell before there is a window to open. */
  let tell: (notice: Notice) => void = () => undefined;
  const computer = await openComputer({ paths, version, notify: (notice) => tell(notice) });
  const { control, settings } = computer;
  const log = (level: LogLevel, message: string): void => computer.log(level, message);

  const window = new MainWindow({
    preload: path.join(root, 'out', 'preload', 'preload.cjs'),
    icon: path.join(root, 'out', 'icons', 'app.png'),
    state: { read: () => settings.read().window, write: async (state) => settings.update({ window: state }) },
    log: (message) => log('warn', message),
  });
  tell = (notice) => { if (settings.read().notifications) showNotice(notice, { open: () => window.open(), log: (message) => log('warn', message) }); };
  let latest: AgentState | null = null;
  const service = (): UserService => openUserService({ env: process.env, paths, script: null, app: developmentFolder() });
  const startup = new StartAtLogin(
    service, () => { if (latest !== null) show(latest); },
  );
  const runsHere = computer.attached ? null : control;
  const removal = removalHandlers({ paths, settings, runsHere, service, window: () => window.current, close: () => close() });
  const endIpc = openIpc(computer, window, version, { ...settingsHandlers({ paths, settings, startup, updates }), ...removal });

  const act = (action: TrayAction): void => {
    perform(action, { computer, control, latest: () => latest, startup, updates, window }).catch((thrown: unknown) => log('error', asHoldfastError(thrown).message));
  };
  const tray = createTray({ imagePath: (icon) => trayImage(root, icon), template: process.platform === 'darwin', act });
  tray.show(trayModel(null));
  const show = (state: AgentState): void => {
    latest = state;
    tray.show(trayModel(state, updates?.waiting ?? null, startup.latest?.atLogin ?? null, computer.hub !== null));
  };
  const watcher = watchTray(() => tray.recreate(), (message) => log('warn', message));
  if (process.platform === 'linux' && !(await watcher.present())) {
    log('info', 'No tray is here to show the icon. Start Holdfast again to open its window');
  }

  const endings = [
    endIpc,
    control.on('state', (state) => {
      show(state);
      window.send('state', state);
    }),
    control.on('log', (entry) => window.send('log', entry)),
    notifyOfRuns({ control, wanted: () => settings.read().notifications, open: () => window.open(), log: (message) => log('warn', message) }),
    () => watcher.close(),
    () => tray.close(),
  ];
  show(await control.call('state', {}));
  void startup.look();
  computer.onLost(() => {
    // Its lock is free now, so a new start runs the agent here.
    app.relaunch({ args: [...process.argv.slice(1).filter((argument) => argument !== '--background'), ...(window.current === null ? ['--background'] : [])] });
    app.exit(0);
  });

  const close = async (): Promise<void> => {
    updates?.close();
    await computer.close();
    for (const end of endings) end();
  };
  if (!computer.attached) {
    updates?.start({
      log, stop: close,
      source: () => updateSource(settings.read()),
      connection: () => latest?.connection ?? { state: 'connecting' },
      hubAnswers: () => answers(settings.read().hub?.url ?? null),
      hasRun: () => latest !== null && activeRun(latest) !== null,
      windowOpen: () => window.current !== null,
      changed: () => { if (latest !== null) show(latest); },
    });
  }
  if (updates === null) {
    endings.push(await followReplacement({
      close, log: (message) => log('info', message), busy: () => window.current !== null || (latest !== null && isWorking(latest)),
    }));
  }
  return { open: () => window.open(), log, runsHere, close };
}

function openIpc(computer: Computer, window: MainWindow, version: string, settings: SettingsHandlers & RemovalHandlers): () => void {
  const handlers = windowHandlers({
    control: computer.control,
    settings,
    window: () => window.current,
    about: { ownHub: !computer.attached, attached: computer.attached, version },
    useOwnHub: () => computer.useOwnHub(),
    ownHub: computer.hub,
  });
  return openChannel(
    ({ id, isMainFrame, origin }) => isMainFrame && origin === appOrigin && id === window.current?.webContents.id,
    (message) => answer(message, computer.control, handlers),
  );
}

interface TrayPorts {
  readonly computer: Pick<Computer, 'hub'>;
  readonly control: AgentControl;
  readonly latest: () => AgentState | null;
  readonly startup: StartAtLogin;
  readonly updates: Updates | null;
  readonly window: MainWindow;
}

async function perform(action: TrayAction, { computer, control, latest, startup, updates, window }: TrayPorts): Promise<void> {
  switch (action.type) {
    case 'open': return window.open(action.place);
    case 'dashboard': return openDashboard(computer.hub);
    case 'quit': return app.quit();
    case 'update': return updates?.install();
    case 'at-login': return void (await startup.set(action.wanted));
    case 'resume': return void (await control.call('resume', {}));
    case 'cancel': return void (await control.call('cancelRun', { runId: action.runId }));
    case 'pause': {
      const choice = pauseChoices(new Date())[action.choice];
      if (choice !== undefined) await control.call('pause', { until: choice.until?.toISOString() ?? null });
      return;
    }
    case 'run': {
      const there = new Set(latest()?.jobs.map(({ job }) => job.id));
      await Promise.all(action.jobIds.filter((jobId) => there.has(jobId)).map((jobId) => control.call('runJob', { jobId })));
    }
  }
}
