/** What a removal of Holdfast from this computer will take away, and what somebody should know before. Looks only. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { emptyJobSet, jobSetSchema } from '../../agent/jobs/job-set.js';
import type { Job } from '../../shared/model.js';
import { openDocument } from '../files/document.js';
import { agentSocketPath } from '../local-socket/socket-path.js';
import type { Paths } from '../paths/paths.js';
import { holdsKey } from '../policy/own-hub.js';
import type { SettingsData } from '../settings/schema.js';

export interface Removal {
  readonly jobs: readonly Job[];
  /** Those whose repository password nobody was shown. */
  readonly unsaved: readonly Job[];
  readonly purge: boolean;
  /** The hub that knows this computer, and is told when it goes for good; null when there is none, it is not to be told, or it goes as well. */
  readonly hub: string | null;
  /** Files and folders that are there now; none unless `purge`. */
  readonly files: readonly string[];
  /** Repositories among our own folders: they stay, whatever else goes. */
  readonly repositories: readonly string[];
}

export interface RemovalWish {
  /** Settings, token, passwords, history, logs and cache as well. */
  readonly purge: boolean;
  /** Leave this computer and its jobs on the hub, whose keeper may give them to another one. */
  readonly keepOnHub: boolean;
}

/** @param settings null before the first start */
export async function planRemoval(paths: Paths, settings: SettingsData | null, { keepOnHub, purge }: RemovalWish): Promise<Removal> {
  const document = await openDocument({ file: paths.jobsFile, schema: jobSetSchema, initial: emptyJobSet, remedy: 'Move it away and start the agent; the hub then sends the jobs anew.' });
  const { jobs } = document.read();
  const confirmed = settings?.confirmedRecoveryKits ?? [];
  const hub = settings?.hub ?? null;
  const roots = [paths.dataFolder, path.dirname(paths.settingsFile), paths.logFolder, paths.cacheFolder];
  const repositories = [...new Set(roots.flatMap((folder) => repositoriesIn(folder)))];
  return {
    jobs, purge, repositories,
    hub: hub === null || !purge || keepOnHub || (hub.fingerprint !== null && await holdsKey(paths.hubFolder, hub.fingerprint)) ? null : hub.url,
    unsaved: jobs.filter(({ destination }) => !confirmed.includes(destination.id)),
    files: purge ? ours(paths).filter((file) => existsSync(file) && !repositories.some((one) => isWithin(one, file))) : [],
  };
}

/** Everything Holdfast writes, by name: what a person put beside it is not ours to remove. */
function ours({ dataFolder, override: _override, ...named }: Paths): string[] {
  return [...Object.values(named), ...['update.json', 'update-feed.json', 'before-update', 'window'].map((name) => path.join(dataFolder, name)), agentSocketPath(dataFolder)];
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
