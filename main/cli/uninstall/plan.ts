/** What `holdfast uninstall` will remove, and what somebody should know before. Looks only. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { agentSocketPath } from '../../platform/local-socket/socket-path.js';
import type { Paths } from '../../platform/paths/paths.js';
import { openSettings } from '../../platform/settings/settings.js';
import { confStore } from '../../platform/settings/conf.js';
import type { Job } from '../../shared/model.js';
import type { Cli } from '../cli.js';
import { openPlaces } from '../places.js';

export interface Removal {
  readonly jobs: readonly Job[];
  /** Those whose repository password nobody was shown. */
  readonly unsaved: readonly Job[];
  readonly purge: boolean;
  /** The hub that knows this computer, and is told when it goes for good; null when there is none or it is not to be told. */
  readonly hub: string | null;
  /** Files and folders that are there now; none unless `purge`. */
  readonly files: readonly string[];
  /** Repositories among our own folders: they stay, whatever else goes. */
  readonly repositories: readonly string[];
}

export async function planRemoval(cli: Cli, { keepOnHub, purge }: { readonly purge: boolean; readonly keepOnHub: boolean }): Promise<Removal> {
  const { jobs, paths } = await openPlaces(cli);
  const settings = existsSync(paths.settingsFile) ? openSettings(paths.settingsFile, confStore).read() : null;
  const confirmed = settings?.confirmedRecoveryKits ?? [];
  const roots = [paths.dataFolder, path.dirname(paths.settingsFile), paths.logFolder, paths.cacheFolder];
  const repositories = [...new Set(roots.flatMap((folder) => repositoriesIn(folder)))];
  return {
    jobs, purge, repositories,
    hub: purge && !keepOnHub ? settings?.hub?.url ?? null : null,
    unsaved: jobs.filter(({ destination }) => !confirmed.includes(destination.id)),
    files: purge ? ours(paths).filter((file) => existsSync(file) && !repositories.some((one) => isWithin(one, file))) : [],
  };
}

/** Everything Holdfast writes, by name: what a person put beside it is not ours to remove. */
function ours(paths: Paths): string[] {
  return [
    paths.settingsFile, paths.jobsFile, paths.runsFile, paths.journalFile, paths.secretsFile, paths.agentConf, paths.lockFile, paths.policyFile, paths.hooksFolder, paths.drillsFile, paths.drillFoldersFile,
    ...['update.json', 'update-feed.json', 'before-update'].map((name) => path.join(paths.dataFolder, name)),
    agentSocketPath(paths.dataFolder), path.join(paths.dataFolder, 'window'), paths.hubFolder, paths.logFolder, paths.cacheFolder,
  ];
}

const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}${path.sep}`);

/** Folders with what every restic repository has (doc/design.rst, "Repository Layout"); not searched deeper than a person would put one. */
function repositoriesIn(folder: string, depth = 4): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  const names = new Set(readdirSync(folder));
  if (['config', 'data', 'keys', 'snapshots'].every((name) => names.has(name))) return [folder];
  if (depth === 0) return [];
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap(({ name }) => repositoriesIn(path.join(folder, name), depth - 1));
}
