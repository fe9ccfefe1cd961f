/** Folders and settings of this user, made ready for an agent. */
import { makeFolders } from '../../platform/paths/folders.js';
import type { Paths } from '../../platform/paths/paths.js';
import { confStore } from '../../platform/settings/conf.js';
import { openSettings, type Settings } from '../../platform/settings/settings.js';
import type { Cli } from '../cli.js';
import { cliPaths } from '../places.js';

export async function openHome(cli: Cli): Promise<{ paths: Paths; settings: Settings }> {
  const paths = cliPaths(cli);
  await makeFolders(paths);
  return { paths, settings: openSettings(paths.settingsFile, confStore) };
}
