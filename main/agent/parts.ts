/** The rooms of an agent, for those who answer questions and orders out of several of them. */
import { HoldfastError } from '../shared/errors.js';
import type { Destination, Job } from '../shared/model.js';
import type { Activity } from './activity.js';
import type { Care } from './care/care.js';
import type { Repositories } from './destinations/repositories.js';
import type { Drills } from './drill/drills.js';
import type { Escrow } from './escrow/escrow.js';
import type { JobSet } from './jobs/job-set.js';
import type { Membership } from './membership.js';
import type { Memory } from './memory.js';
import type { AgentOptions } from './options.js';
import type { LocalConsent } from './policy/local-consent.js';
import type { RepositoryAccess } from './ports.js';
import type { Restores } from './restore/restores.js';
import type { Snapshots } from './restore/snapshots.js';
import type { RunStore } from './runs/run-store.js';
import type { Runner } from './runs/runner.js';
import type { Scheduler } from './schedule/scheduler.js';
import type { SourcePasswords } from './sources/passwords.js';
import type { Tunnel } from './tunnel-port.js';

export interface AgentParts {
  readonly options: AgentOptions;
  readonly memory: Memory;
  readonly activity: Activity;
  readonly jobs: JobSet;
  readonly runs: RunStore;
  readonly membership: Membership;
  readonly repositories: Repositories;
  readonly escrow: Escrow;
  readonly sourcePasswords: SourcePasswords;
  readonly consent: LocalConsent;
  readonly runner: Runner;
  readonly scheduler: Scheduler;
  readonly care: Care;
  readonly drills: Drills;
  readonly snapshots: Snapshots;
  readonly restores: Restores;
  readonly tunnel: Tunnel;
  /** Destinations made ready for a job that is not created yet, by id; their recovery kit may be asked for. */
  readonly prepared: Map<string, Destination>;
  /** The repository of a job's destination, with its password. */
  readonly openRepository: (job: Job) => Promise<RepositoryAccess>;
}

/** @throws HoldfastError `not-found` when the hub has taken the job away. */
export function jobOf(parts: Pick<AgentParts, 'jobs'>, jobId: string): Job {
  const job = parts.jobs.find(jobId);
  if (job === undefined) throw new HoldfastError('not-found', 'That job is not on this computer any more.');
  return job;
}
