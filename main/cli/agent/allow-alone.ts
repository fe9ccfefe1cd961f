/** Allows folders in the policy of this data folder while no agent runs. */
import { emptyJobSet, jobSetSchema } from '../../agent/jobs/job-set.js';
import { LocalConsent } from '../../agent/policy/local-consent.js';
import { RunStore } from '../../agent/runs/run-store.js';
import { openAppendLog } from '../../platform/files/append-log.js';
import { openDocument } from '../../platform/files/document.js';
import { lockFolder } from '../../platform/lock/lock.js';
import type { Paths } from '../../platform/paths/paths.js';
import { policyComputer } from '../../platform/policy/computer.js';
import { openPolicy } from '../../platform/policy/document.js';
import type { Settings } from '../../platform/settings/settings.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Cli } from '../cli.js';
import { openHome } from './open.js';

/** Under the folder's lock, so that no agent starts meanwhile. @throws HoldfastError `already-running`, `usage`. */
export async function allowFoldersAlone(cli: Cli, paths: readonly string[]): Promise<void> {
  const home = await openHome(cli);
  const lock = await lockFolder(home.paths.lockFile);
  if (lock === null) throw new HoldfastError('already-running', 'The agent is just starting. Try again in a moment.', { retryable: true });
  try {
    await allowFoldersUnderLock(home.paths, home.settings, paths);
  } finally {
    lock.release();
  }
}

/** For whoever holds the lock. The rule is for the hub that was joined, or for any where none was. */
export async function allowFoldersUnderLock(paths: Paths, settings: Settings, folders: readonly string[]): Promise<void> {
  const jobs = (await openDocument({ file: paths.jobsFile, schema: jobSetSchema, initial: emptyJobSet, remedy: 'Move it away and start the agent; the hub then sends the jobs anew.' })).read().jobs;
  const log = await openAppendLog(paths.runsFile, { onDamage: () => undefined });
  const { hub } = settings.read();
  const consent = new LocalConsent({
    document: await openPolicy(paths), computer: policyComputer, logger: { log: () => undefined },
    jobs: () => jobs, hub: () => hub?.fingerprint ?? hub?.url ?? null, isOwnHub: () => Promise.resolve(false),
    now: () => new Date().toISOString(), restores: () => [], answerRestore: () => undefined, changed: () => undefined,
  });
  const runs = new RunStore(log);
  await log.close();
  await consent.open(jobs.filter((job) => runs.newestGoodOf(job.id) !== null));
  await consent.allowFolders(folders);
}
