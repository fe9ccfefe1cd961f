/** Executes runs: one at a time per repository, each step recorded before it is told. Knows no schedule and no tunnel. */
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { RunEventBody } from '../../shared/protocol/messages.js';
import { isFinal, type CopyOutcome, type FinalRunState, type Job, type Run, type RunProgress, type RunResult, type RunTrigger } from '../../shared/model.js';
import { bytesText, countText, durationText } from '../../shared/text.js';
import type { Clock, Engine, Logger, RepositoryAccess } from '../ports.js';
import type { Journal } from '../tunnel-port.js';
import { jobTag } from './job-tag.js';
import type { RunStore } from './run-store.js';
import type { RunContext, RunOutcome, RunStep } from './steps.js';

/** Progress reaches screens and hub at most this often, ms. */
const progressEvery = 500;

export interface RunnerPorts {
  readonly clock: Clock;
  readonly engine: Pick<Engine, 'backup'>;
  /** In order. */
  readonly steps: readonly RunStep[];
  readonly journal: Journal;
  readonly store: RunStore;
  readonly logger: Logger;
  /** Name of this computer in snapshots. */
  readonly host: string;
  /** The job's repository, which is made if there is none yet. */
  openRepository(job: Job): Promise<RepositoryAccess>;
  /** What a failure of the job means, where its destination knows more. */
  explain(job: Job, thrown: unknown): Promise<HoldfastError>;
  /** One worker at low priority for this run? */
  gentle(trigger: RunTrigger): Promise<boolean>;
  /** Something that screens show has changed. */
  changed(): void;
  ended(run: Run): void;
}

interface Active {
  readonly run: Run;
  readonly job: Job;
  readonly abort: AbortController;
  done: Promise<void>;
}

export class Runner {
  private readonly active = new Map<string, Active>();
  /** The end of the last run queued for a repository URL. */
  private readonly tails = new Map<string, Promise<void>>();
  private closed = false;

  constructor(private readonly ports: RunnerPorts) {}

  /** Runs of an agent that was killed are over; say so before anything new begins. */
  async settleInterrupted(): Promise<void> {
    for (const run of this.ports.store.unfinished()) {
      const error = new HoldfastError('cancelled', 'The computer or the agent stopped during this run. It starts over at the next chance.', { retryable: true }).toShape();
      await this.finish(run, 'interrupted', null, error);
    }
  }

  isBusy(jobId: string): boolean {
    return [...this.active.values()].some((entry) => entry.job.id === jobId);
  }

  /** Queues a run. The same `runId` twice is one run: the hub repeats an order it has no answer to. */
  async start(job: Job, trigger: RunTrigger, runId: string): Promise<void> {
    if (this.closed || this.active.has(runId) || this.ports.store.get(runId) !== undefined) return;
    const run: Run = {
      id: runId, jobId: job.id, jobName: job.name, trigger, state: 'queued',
      queuedAt: this.timestamp(), startedAt: null, finishedAt: null, progress: null, result: null, error: null,
    };
    const entry: Active = { run, job, abort: new AbortController(), done: Promise.resolve() };
    this.active.set(runId, entry);
    const before = this.tails.get(job.destination.url) ?? Promise.resolve();
    entry.done = this.announce(run, { type: 'queued', jobName: job.name, trigger })
      .then(() => before)
      .then(() => this.execute(entry))
      .catch((error: unknown) => this.ports.logger.log('error', `The run could not be recorded: ${asHoldfastError(error).message}`, runId))
      .finally(() => {
        this.active.delete(runId);
        this.ports.changed();
        const last = this.ports.store.get(runId);
        if (last !== undefined) this.ports.ended(last);
      });
    this.tails.set(job.destination.url, entry.done);
    this.ports.changed();
    await Promise.resolve();
  }

  /** Work beside runs that needs a repository for itself: waits its turn, and keeps runs waiting meanwhile. */
  inTurn<T>(repositoryUrl: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.tails.get(repositoryUrl) ?? Promise.resolve()).then(work);
    this.tails.set(repositoryUrl, turn.then(() => undefined, () => undefined));
    return turn;
  }

  /** @throws HoldfastError `not-found` for a run that is not under way. */
  cancel(runId: string): void {
    const entry = this.active.get(runId);
    if (entry === undefined) throw new HoldfastError('not-found', 'That run is not under way any more.');
    entry.abort.abort();
  }

  /** Ends all runs cleanly as cancelled and starts no more. Resolves when the last is recorded. */
  async close(): Promise<void> {
    this.closed = true;
    for (const entry of this.active.values()) entry.abort.abort();
    await Promise.all([...this.active.values()].map((entry) => entry.done));
  }

  private async execute(entry: Active): Promise<void> {
    const { job, abort } = entry;
    let run = entry.run;
    const show = this.progressSink(() => run, (next) => { run = next; });
    const copies: CopyOutcome[] = [];
    const context: RunContext = {
      job, runId: run.id, trigger: run.trigger, signal: abort.signal, progress: show, copied: (copy) => void copies.push(copy),
      say: (level, message) => this.say(level, message, run),
    };
    const begun: RunStep[] = [];
    let leaving = false;
    let outcome: RunOutcome;
    try {
      abort.signal.throwIfAborted();
      run = { ...run, state: 'running', startedAt: this.timestamp() };
      await this.announce(run, { type: 'started' });
      context.say('info', `Backup of "${job.name}" to ${job.destination.name} started`);
      for (const step of this.ports.steps) {
        begun.unshift(step);
        await step.before?.(context);
        abort.signal.throwIfAborted();
      }
      const repository = await this.ports.openRepository(job);
      const result = await this.ports.engine.backup({
        repository,
        sources: job.sources,
        host: this.ports.host,
        tags: [jobTag(job.id)],
        gentle: await this.ports.gentle(run.trigger),
      }, show, abort.signal);
      outcome = { state: result.unreadableCount > 0 || result.warnings.length > 0 ? 'warnings' : 'succeeded', result, error: null };
      for (const step of this.ports.steps) {
        if (abort.signal.aborted) break; // the snapshot stands; what would have followed comes with the next run
        outcome = await this.tolerate(outcome, context, async () => step.after?.(context, result, repository));
      }
      if (outcome.result !== null) outcome = { ...outcome, result: { ...outcome.result, copies } };
    } catch (thrown) {
      const error = await this.ports.explain(job, thrown).catch(asHoldfastError);
      // Cancelled by nobody: this process has to end, and the next one starts the run over.
      leaving = error.code === 'cancelled' && error.retryable && !abort.signal.aborted;
      outcome = error.code === 'cancelled' && !leaving ? { state: 'cancelled', result: null, error: null } : { state: 'failed', result: null, error: error.toShape() };
    }
    for (const step of begun) outcome = await this.tolerate(outcome, context, async (known) => step.end?.(context, known));
    await this.finish(run, leaving ? 'interrupted' : outcome.state, outcome.result, outcome.error);
  }

  /** Does what belongs to a run beside its backup. A failure is said, and makes a good run one with warnings. */
  private async tolerate(outcome: RunOutcome, context: RunContext, work: (outcome: RunOutcome) => Promise<void>): Promise<RunOutcome> {
    try {
      await work(outcome);
      return outcome;
    } catch (thrown) {
      const { message } = asHoldfastError(thrown);
      context.say('warn', message);
      if (outcome.result === null) return outcome;
      const warnings = [...outcome.result.warnings, message.slice(0, 1000)].slice(0, 100);
      return { ...outcome, state: 'warnings', result: { ...outcome.result, warnings } };
    }
  }

  private progressSink(current: () => Run, replace: (run: Run) => void): (progress: RunProgress) => void {
    let last = -Infinity;
    return (progress) => {
      const run = { ...current(), progress };
      replace(run);
      this.ports.store.showProgress(run);
      const now = this.ports.clock.now();
      if (now - last < progressEvery) return;
      last = now;
      this.ports.journal.record(run.id, run.jobId, { type: 'progress', progress })
        .catch((error: unknown) => this.ports.logger.log('error', asHoldfastError(error).message, run.id));
      this.ports.changed();
    };
  }

  private async finish(run: Run, state: FinalRunState, result: RunResult | null, error: Run['error']): Promise<void> {
    const finished: Run = { ...run, state, result, error, progress: null, finishedAt: this.timestamp() };
    const [level, text] = summary(finished);
    this.say(level, text, finished);
    for (const file of result?.unreadable ?? []) this.say('warn', `Not read: ${file.path}: ${file.message}`, finished);
    await this.announce(finished, { type: 'finished', state, result, error });
  }

  /** History first, then the journal: a run that the hub hears of is one that this computer remembers. */
  private async announce(run: Run, event: RunEventBody): Promise<void> {
    await this.ports.store.save(run);
    await this.ports.journal.record(run.id, run.jobId, event);
    this.ports.changed();
  }

  /** A log line for this computer and for the hub. */
  private say(level: 'info' | 'warn' | 'error', message: string, run: Run): void {
    this.ports.logger.log(level, message, run.id);
    this.ports.journal.record(run.id, run.jobId, { type: 'log', level, message: message.slice(0, 8192) })
      .catch((error: unknown) => this.ports.logger.log('error', asHoldfastError(error).message, run.id));
  }

  private timestamp(): string {
    return new Date(this.ports.clock.now()).toISOString();
  }
}

function summary(run: Run): ['info' | 'warn' | 'error', string] {
  const name = `Backup of "${run.jobName}"`;
  if (run.result !== null && isFinal(run.state)) {
    const { filesNew, filesChanged, filesUnmodified, bytesProcessed, bytesStored, durationMs, unreadableCount } = run.result;
    const files = countText(filesNew + filesChanged + filesUnmodified, 'file');
    const text = `${name} finished: ${files}, ${bytesText(bytesProcessed)}, ${bytesText(bytesStored)} stored, in ${durationText(durationMs)}`;
    return run.state === 'succeeded' ? ['info', text] : ['warn', unreadableCount === 0 ? `${text}, with warnings` : `${text}; ${countText(unreadableCount, 'file')} not read`];
  }
  if (run.state === 'cancelled') return ['info', `${name} was cancelled`];
  return ['error', `${name} ${run.state === 'interrupted' ? 'was interrupted' : 'failed'}: ${run.error?.message ?? 'no reason is known'}`];
}
