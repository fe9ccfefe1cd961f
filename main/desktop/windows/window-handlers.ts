/** What only a desktop can do for the page: dialogs, files, the printer, the clipboard, the browser. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { app, clipboard, dialog, shell, type BrowserWindow } from 'electron';
import type { AgentControl } from '../../shared/control.js';
import { HoldfastError } from '../../shared/errors.js';
import type { externalPages } from '../../shared/ipc.js';
import { presets } from '../../shared/presets.js';
import type { WindowHandlers } from '../ipc/answer.js';
import { chosenDestination, judgeDestination, suggestDestinations } from '../places/destinations.js';
import { suggestFolders } from '../places/folders.js';
import type { OwnHub } from '../own-hub.js';
import type { SettingsHandlers } from '../settings/handlers.js';
import type { RemovalHandlers } from '../settings/removal.js';
import { printRecoveryKit, saveRecoveryKit } from '../recovery-kit/recovery-kit.js';

const addresses: Record<(typeof externalPages)[number], string> = {
  restic: 'https://restic.net/',
  'restic-restore': 'https://restic.readthedocs.io/en/stable/050_restore.html',
};

/** A folder is opened; a file is shown in its folder, for opening it could run it. */
async function showInFileManager(place: string): Promise<void> {
  const found = await stat(place).catch(() => null);
  if (found === null) throw new HoldfastError('not-found', `${place} is not there any more.`);
  if (!found.isDirectory()) return shell.showItemInFolder(place);
  const problem = await shell.openPath(place);
  if (problem !== '') throw new HoldfastError('not-found', `The file manager did not open ${place}. Open it by hand.`);
}

/** @throws HoldfastError when there is none, or no browser. */
export async function openDashboard(hub: Pick<OwnHub, 'dashboard'> | null): Promise<void> {
  if (hub === null) throw new HoldfastError('not-found', 'Another process runs the agent of this computer, and its hub. Make a link to the dashboard with: holdfast hub login');
  await shell.openExternal(await hub.dashboard());
}

export interface WindowHandlerOptions {
  readonly control: AgentControl;
  readonly window: () => BrowserWindow | null;
  readonly about: { readonly ownHub: boolean; readonly attached: boolean; readonly version: string };
  readonly useOwnHub: () => Promise<void>;
  readonly ownHub: Pick<OwnHub, 'look' | 'reach' | 'dashboard'> | null;
  readonly settings: SettingsHandlers & RemovalHandlers;
}

export function windowHandlers({ about, control, ownHub, settings, useOwnHub, window }: WindowHandlerOptions): WindowHandlers {
  const home = app.getPath('home');
  const parent = (): BrowserWindow => {
    const open = window();
    if (open === null) throw new HoldfastError('cancelled', 'The window was closed.');
    return open;
  };
  const confirm = async (destinationId: string): Promise<void> => void (await control.call('confirmRecoveryKit', { destinationId }));

  return {
    ...settings,
    ownHub: async () => (await ownHub?.look()) ?? null,
    openOwnHub: async ({ lan }) => (await ownHub?.reach(lan)) ?? null,
    openDashboard: async () => {
      await openDashboard(ownHub);
      return {};
    },
    chooseFolders: async () => {
      const { canceled, filePaths } = await dialog.showOpenDialog(parent(), {
        title: 'Choose folders to back up', defaultPath: home, properties: ['openDirectory', 'multiSelections', 'showHiddenFiles'],
      });
      return { paths: canceled ? [] : filePaths };
    },
    chooseDestination: async () => {
      const { canceled, filePaths } = await dialog.showOpenDialog(parent(), {
        title: 'Choose where the backup goes', defaultPath: home, properties: ['openDirectory', 'createDirectory'],
      });
      const [folder] = filePaths;
      return { place: canceled || folder === undefined ? null : await chosenDestination(folder) };
    },
    chooseRestoreFolder: async () => {
      const { canceled, filePaths } = await dialog.showOpenDialog(parent(), {
        title: 'Choose where to restore to', buttonLabel: 'Restore here', defaultPath: home, properties: ['openDirectory', 'createDirectory', 'showHiddenFiles'],
      });
      return { path: canceled ? null : filePaths[0] ?? null };
    },
    chooseDumpFile: async ({ name }) => {
      const { canceled, filePath } = await dialog.showSaveDialog(parent(), { title: 'Save the dump as', defaultPath: path.join(home, name) });
      return { path: canceled || filePath === '' ? null : filePath };
    },
    // The page names a restore and no path: it cannot have the system open whatever it likes.
    openRestored: async ({ restoreId }) => {
      const { restores } = await control.call('state', {});
      const opens = restores.find(({ id }) => id === restoreId)?.opens ?? null;
      if (opens === null) throw new HoldfastError('not-found', 'There is nothing to show of that restore.');
      await showInFileManager(opens);
      return {};
    },
    suggestFolders: async () => ({
      folders: await suggestFolders({
        home,
        documents: app.getPath('documents'), desktop: app.getPath('desktop'), pictures: app.getPath('pictures'),
        music: app.getPath('music'), videos: app.getPath('videos'), downloads: app.getPath('downloads'),
      }),
    }),
    suggestDestinations: async () => ({ places: await suggestDestinations(home, process.platform) }),
    judgeDestination: ({ path: place, sources }) => judgeDestination(place, sources, home, process.platform),
    saveRecoveryKit: async ({ destinationId }) => {
      const kit = await control.call('recoveryKit', { destinationId });
      const file = await saveRecoveryKit(kit, parent(), app.getPath('documents'));
      if (file !== null) await confirm(destinationId);
      return { path: file };
    },
    printRecoveryKit: async ({ destinationId }) => {
      const printed = await printRecoveryKit(await control.call('recoveryKit', { destinationId }));
      if (printed) await confirm(destinationId);
      return { printed };
    },
    copyText: async ({ text }) => {
      await clipboard.writeText(text);
      return {};
    },
    openExternal: async ({ page }) => {
      await shell.openExternal(addresses[page]);
      return {};
    },
    openKeyPage: async ({ preset }) => {
      const page = presets.find(({ id }) => id === preset)?.keyPage ?? null;
      if (page === null) throw new HoldfastError('not-found', 'That service has no page where keys are made.');
      await shell.openExternal(page);
      return {};
    },
    about: () => Promise.resolve(about),
    useOwnHub: async () => {
      await useOwnHub();
      return {};
    },
  };
}
