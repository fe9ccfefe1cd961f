/** What the Settings place asks of the app. */
import { app, shell } from 'electron';
import type { Paths } from '../../platform/paths/paths.js';
import { settingsSchema } from '../../platform/settings/schema.js';
import type { Settings } from '../../platform/settings/settings.js';
import { HoldfastError } from '../../shared/errors.js';
import type { AppSettings } from '../../shared/ipc.js';
import type { WindowHandlers } from '../ipc/answer.js';
import type { Updates } from '../update/updates.js';
import type { StartAtLogin } from './startup.js';

export interface SettingsPorts {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly startup: StartAtLogin;
  /** Null where this installation does not replace itself. */
  readonly updates: Updates | null;
}

export type SettingsHandlers = Pick<WindowHandlers, 'startup' | 'setStartup' | 'settings' | 'changeSettings' | 'checkForUpdates' | 'openLogs'>;

export function settingsHandlers({ paths, settings, startup, updates }: SettingsPorts): SettingsHandlers {
  const shown = (): AppSettings => {
    const { notifications, updates: { automatic, url } } = settings.read();
    return {
      notifications,
      updates: { by: updates === null ? 'others' : 'itself', automatic, url, waiting: updates?.waiting ?? null },
      folders: [
        { name: 'Settings', path: paths.settingsFile }, { name: 'Jobs and history', path: paths.dataFolder },
        { name: 'Logs', path: paths.logFolder }, { name: 'Cache', path: paths.cacheFolder },
      ],
    };
  };
  return {
    startup: () => startup.look(),
    setStartup: ({ atLogin }) => startup.set(atLogin),
    settings: () => Promise.resolve(shown()),
    changeSettings: async ({ notifications, updates: wanted }) => {
      if (wanted?.url && !settingsSchema.shape.updates.safeParse(wanted).success) {
        throw new HoldfastError('usage', 'New versions come over https only. Write the address of a folder with them, such as https://office.example/downloads/');
      }
      await settings.update({ ...(notifications === undefined ? {} : { notifications }), ...(wanted === undefined ? {} : { updates: wanted }) });
      return shown();
    },
    checkForUpdates: async () => ({ said: updates === null ? 'This installation does not replace itself.' : await updates.lookNow() }),
    openLogs: async () => {
      const failed = await shell.openPath(paths.logFolder);
      if (failed !== '') throw new HoldfastError('not-found', `No program here opens the folder ${paths.logFolder}. Look into it yourself.`);
      return {};
    },
  };
}

/** The app's folder where a development runtime runs it; null in a package. */
export const developmentFolder = (): string | null => (app.isPackaged ? null : app.getAppPath());
