/** Where everything of a user lives. Pure: from an environment to names of files; nothing is made or read. */
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';

export interface Paths {
  /** What HOLDFAST_DATA names; null where the platform's usual folders are used. */
  readonly override: string | null;
  /** Jobs, history, journal, hub, lock and socket; names this agent among others of the same user. */
  readonly dataFolder: string;
  readonly settingsFile: string;
  readonly jobsFile: string;
  /** What was allowed on this computer. */
  readonly policyFile: string;
  /** Private folders of hooks while they run. */
  readonly hooksFolder: string;
  readonly runsFile: string;
  readonly journalFile: string;
  /** What restore drills found, and the folders that one under way uses. */
  /** What the runs of jobs usually change. */
  readonly careFile: string;
  readonly drillsFile: string;
  readonly drillFoldersFile: string;
  /** Used only where there is no keychain. */
  readonly secretsFile: string;
  /** A person may put an agent token here, for a computer without a keychain. */
  readonly agentConf: string;
  readonly lockFile: string;
  /** The hub's own folder. */
  readonly hubFolder: string;
  readonly logFolder: string;
  /** May be deleted at any time. */
  readonly cacheFolder: string;
}

export interface PathSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's home folder. */
  readonly home: string;
}

/**
 * HOLDFAST_DATA=DIR puts all under DIR. Otherwise Application Support, Logs and Caches on macOS, and the XDG folders elsewhere
 * (https://specifications.freedesktop.org/basedir-spec/latest/; a relative XDG path does not count).
 * @throws HoldfastError `usage` when HOLDFAST_DATA is not an absolute path or there is no home folder.
 */
export function findPaths({ env, platform, home }: PathSources): Paths {
  const override = env['HOLDFAST_DATA'] || null;
  if (override !== null) {
    if (!path.isAbsolute(override)) {
      throw new HoldfastError('usage', `HOLDFAST_DATA is "${override}", which is not an absolute path. Write it from the root on, for example /srv/holdfast.`);
    }
    const root = path.resolve(override);
    return paths(root, { data: root, config: root, logs: path.join(root, 'logs'), cache: path.join(root, 'cache') });
  }
  if (!path.isAbsolute(home)) {
    throw new HoldfastError('usage', 'This user has no home folder. Name a folder for everything Holdfast keeps in HOLDFAST_DATA.');
  }
  if (platform === 'darwin') {
    const data = path.join(home, 'Library', 'Application Support', 'Holdfast');
    return paths(null, { data, config: data, logs: path.join(home, 'Library', 'Logs', 'Holdfast'), cache: path.join(home, 'Library', 'Caches', 'Holdfast') });
  }
  const xdg = (name: string, usual: string): string => {
    const given = env[name];
    return path.join(given !== undefined && path.isAbsolute(given) ? given : path.join(home, usual), 'holdfast');
  };
  return paths(null, {
    data: xdg('XDG_DATA_HOME', '.local/share'),
    config: xdg('XDG_CONFIG_HOME', '.config'),
    logs: path.join(xdg('XDG_STATE_HOME', '.local/state'), 'logs'),
    cache: xdg('XDG_CACHE_HOME', '.cache'),
  });
}

function paths(override: string | null, { data, config, logs, cache }: Record<'data' | 'config' | 'logs' | 'cache', string>): Paths {
  return {
    override,
    dataFolder: data,
    settingsFile: path.join(config, 'settings.json'),
    jobsFile: path.join(data, 'jobs.json'),
    policyFile: path.join(data, 'policy.json'),
    hooksFolder: path.join(data, 'hooks'),
    runsFile: path.join(data, 'runs.log'),
    journalFile: path.join(data, 'journal.log'),
    careFile: path.join(data, 'care.json'),
    drillsFile: path.join(data, 'drills.json'),
    drillFoldersFile: path.join(data, 'drill-folders.json'),
    secretsFile: path.join(data, 'secrets.json'),
    agentConf: path.join(data, 'agent.conf'),
    lockFile: path.join(data, 'agent.lock'),
    hubFolder: path.join(data, 'hub'),
    logFolder: logs,
    cacheFolder: cache,
  };
}
