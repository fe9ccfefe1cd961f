/**
 * What happens around the backup of a run: hooks, disks, copies, retention. Each is a room of its own that the runner does
 * not know; `agent.ts` says which there are and in which order.
 */
import type { ErrorShape } from '../../shared/errors.js';
import type { CopyOutcome, FinalRunState, Job, RunProgress, RunResult, RunTrigger } from '../../shared/model.js';
import type { RepositoryAccess } from '../ports.js';

export interface RunContext {
  readonly job: Job;
  readonly runId: string;
  readonly trigger: RunTrigger;
  /** Aborted when the run is cancelled or the agent ends. */
  readonly signal: AbortSignal;
  /** A log line of this run, for this computer and for the hub. */
  say(level: 'info' | 'warn' | 'error', message: string): void;
  progress(progress: RunProgress): void;
  /** What came of one of the job's copies, for the run's result. */
  copied(outcome: CopyOutcome): void;
}

/** How the run will be recorded, as far as it is known. */
export interface RunOutcome {
  readonly state: Exclude<FinalRunState, 'interrupted'>;
  readonly result: RunResult | null;
  readonly error: ErrorShape | null;
}

export interface RunStep {
  /** Before the backup, in order. What it throws fails the run, and nothing after it is begun. */
  before?(context: RunContext): Promise<void>;
  /** Once the snapshot stands, in order. What it throws is a warning of the run: the snapshot is there. Not called after a cancel. */
  after?(context: RunContext, result: RunResult, repository: RepositoryAccess): Promise<void>;
  /** At the end, in reverse order, of every step whose `before` was begun. What it throws is a warning. The signal may be aborted already. */
  end?(context: RunContext, outcome: RunOutcome): Promise<void>;
}
