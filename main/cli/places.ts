/** What this user's Holdfast has on disk, for commands that look without starting an agent. */
import { existsSync } from 'node:fs';
import os from 'node:os';
import { emptyJobSet, jobSetSchema } from '../agent/jobs/job-set.js';
import type { SecretStore } from '../agent/ports.js';
import type { Job } from '../shared/model.js';
import { openDocument } from '../platform/files/document.js';
import { findPaths, type Paths } from '../platform/paths/paths.js';
import type { Cli } from './cli.js';

export interface Places {
  readonly paths: Paths;
  readonly jobs: readonly Job[];
  /** The store that was chosen at the first start; null before that. */
  secrets(): Promise<SecretStore | null>;
}

export const cliPaths = (cli: Cli): Paths => findPaths({ env: cli.env, platform: cli.process.platform, home: os.homedir() });

export async function openPlaces(cli: Cli): Promise<Places> {
  const paths = cliPaths(cli);
  const jobs = await openDocument({ file: paths.jobsFile, schema: jobSetSchema, initial: emptyJobSet, remedy: 'Move it away and start the agent; the hub then sends the jobs anew.' });
  return {
    paths,
    jobs: jobs.read().jobs,
    secrets: async () => {
      if (!existsSync(paths.settingsFile)) return null;
      const { openSettings } = await import('../platform/settings/settings.js');
      const { confStore } = await import('../platform/settings/conf.js');
      const settings = openSettings(paths.settingsFile, confStore);
      if (settings.read().secrets === null) return null;
      const { openSecrets } = await import('../platform/secrets/index.js');
      return openSecrets({ env: cli.env, paths, settings, say: (message) => cli.warn(message) });
    },
  };
}
