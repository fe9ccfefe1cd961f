/** The drills of all jobs: when the next one is due, one at a time, what they found. A job's drill waits for its repository as a run does. */
import { z } from 'zod';
import { drillSchema, drillText, noDrills, type Drill, type DrillFacts, type DrillView } from '../../shared/drill.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Job } from '../../shared/model.js';
import type { Clock, Document, Engine, Logger, RepositoryAccess } from '../ports.js';
import { jobTag } from '../runs/job-tag.js';
import { spread } from '../schedule/schedule.js';
import type { DrillFinding } from './drill.js';

export const drillHistorySchema = z.object({ drills: z.array(drillSchema).default([]) });
export type DrillHistory = z.infer<typeof drillHistorySchema>;
export const emptyDrillHistory: DrillHistory = { drills: [] };

const hour = 3_600_000;
const day = 24 * hour;
/** Between two drills of a job, ms. */
const interval = 7 * day;
/** After one that failed or could not be done, ms. */
const again = day;
/** From a job's first good backup to its first drill, ms; a delay of its own comes on top, so that an office's computers do not start together. */
const firstAfter = hour;
/** How often is looked, ms. */
const lookEvery = 10 * 60_000;
/** Drills remembered per job. */
const kept = 10;

export interface DrillsPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly history: Document<DrillHistory>;
  readonly engine: Pick<Engine, 'snapshots'>;
  jobs(): readonly Job[];
  /** Start of the first good run that is remembered, ms; null before it. */
  firstGoodAt(jobId: string): number | null;
  /** The newest good run, under which the hub files what a drill found; null before it. */
  newestGoodRun(jobId: string): string | null;
  /** Why nothing may be started for the job now; null when it may. */
  obstacle(job: Job): Promise<string | null>;
  isBusy(jobId: string): boolean;
  openRepository(job: Job): Promise<RepositoryAccess>;
  /** Waits until no run uses the repository, and keeps others waiting meanwhile. */
  inTurn<T>(repositoryUrl: string, work: () => Promise<T>): Promise<T>;
  drill(repository: RepositoryAccess, snapshotId: string, signal: AbortSignal): Promise<DrillFinding>;
  /** Tells the hub. */
  tell(runId: string, jobId: string, drill: Drill): Promise<void>;
  changed(): void;
}

export class Drills {
  private readonly running = new Map<string, Promise<Drill>>();
  private readonly abort = new AbortController();
  private cancelTimer: (() => void) | null = null;
  private watching = false;
  private looking: Promise<void> = Promise.resolve();

  constructor(private readonly ports: DrillsPorts) {}

  /** Begins to start drills that are due. Idempotent. */
  start(): void {
    if (this.watching) return;
    this.watching = true;
    this.cancelTimer = this.ports.clock.after(lookEvery, () => this.look()); // a computer that just started has other things to do
  }

  /** Starts none by itself until `start`; one under way goes on. */
  stop(): void {
    this.watching = false;
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  /** Ends drills under way and waits until nothing of them is left. */
  async close(): Promise<void> {
    this.stop();
    this.abort.abort();
    await Promise.allSettled(this.running.values());
    await this.looking;
  }

  /** Does one now. A job whose drill is under way gets the result of that. @throws HoldfastError `cancelled`, `not-found` where there is no snapshot. */
  run(job: Job): Promise<Drill> {
    const under = this.running.get(job.id);
    if (under !== undefined) return under;
    const work = this.ports.inTurn(job.destination.url, () => this.carryOut(job)).finally(() => {
      this.running.delete(job.id);
      this.ports.changed();
    });
    this.running.set(job.id, work);
    this.ports.changed();
    return work;
  }

  view(jobId: string): DrillView {
    const drills = this.of(jobId);
    return { ...noDrills, last: drills[0] ?? null, provenAt: drills.find(({ outcome }) => outcome === 'proven')?.finishedAt ?? null, running: this.running.has(jobId) };
  }

  facts(jobId: string): DrillFacts {
    const drills = this.of(jobId);
    const last = drills.find(({ outcome }) => outcome !== 'not-done');
    const proven = drills.find(({ outcome }) => outcome === 'proven');
    return {
      last: last === undefined || last.outcome === 'not-done' ? null : { at: Date.parse(last.finishedAt), outcome: last.outcome, reason: last.reason },
      provenAt: proven === undefined ? null : Date.parse(proven.finishedAt),
    };
  }

  /** When the job's next drill is planned, ms since the epoch; null while there is no good backup, or when the job wants none. */
  dueAt(job: Job): number | null {
    if (job.paused) return null;
    const [last] = this.of(job.id);
    if (last !== undefined) {
      const wait = last.outcome === 'failed' || last.outcome === 'not-done' ? again : interval;
      return Date.parse(last.finishedAt) + wait + spread(job.id, interval);
    }
    const first = this.ports.firstGoodAt(job.id);
    return first === null ? null : first + firstAfter + spread(job.id, interval);
  }

  /** Newest first. */
  private of(jobId: string): Drill[] {
    return this.ports.history.read().drills.filter((drill) => drill.jobId === jobId).reverse();
  }

  private look(): void {
    this.looking = this.looking.then(() => this.pass()).catch((error: unknown) => this.ports.logger.log('error', asHoldfastError(error).message));
  }

  private async pass(): Promise<void> {
    for (const job of this.ports.jobs()) {
      if (!this.watching) return;
      const due = this.dueAt(job);
      if (due === null || due > this.ports.clock.now() || this.running.has(job.id) || this.ports.isBusy(job.id)) continue;
      if ((await this.ports.obstacle(job)) !== null) continue; // looked at again soon; a drill is no reason to disturb
      if (this.watching) await this.run(job).catch(() => undefined); // one after the other; what went wrong is in its log
    }
    if (this.watching) this.cancelTimer = this.ports.clock.after(lookEvery, () => this.look());
  }

  private async carryOut(job: Job): Promise<Drill> {
    const { logger } = this.ports;
    const { signal } = this.abort;
    const startedAt = this.now();
    let snapshotId: string | null = null;
    let finding: DrillFinding;
    try {
      if (signal.aborted) throw new HoldfastError('cancelled', 'Cancelled.');
      // opening makes the repository of a job that never had one
      if (this.ports.firstGoodAt(job.id) === null) throw new HoldfastError('not-found', `"${job.name}" has no backup yet. Run it first.`);
      const repository = await this.ports.openRepository(job);
      const newest = (await this.ports.engine.snapshots(repository)).filter(({ tags }) => tags.includes(jobTag(job.id))).sort((a, b) => a.time.localeCompare(b.time)).at(-1);
      if (newest === undefined) throw new HoldfastError('not-found', `"${job.name}" has no snapshot yet. Run it first.`);
      snapshotId = newest.id;
      logger.log('info', `Restore drill of "${job.name}" started`);
      finding = await this.ports.drill(repository, newest.id, signal);
    } catch (thrown) {
      const error = asHoldfastError(thrown);
      if (error.code === 'cancelled' || error.code === 'not-found') throw error;
      finding = { outcome: 'not-done', files: 0, bytes: 0, databases: [], reason: error.message.slice(0, 1000) };
    }
    const drill: Drill = { jobId: job.id, startedAt, finishedAt: this.now(), snapshotId, ...finding };
    await this.remember(drill);
    logger.log(drill.outcome === 'proven' ? 'info' : drill.outcome === 'failed' ? 'error' : 'warn', `"${job.name}": ${drillText(drill)}`);
    const runId = this.ports.newestGoodRun(job.id);
    if (runId !== null) await this.ports.tell(runId, job.id, drill);
    return drill;
  }

  private async remember(drill: Drill): Promise<void> {
    const { drills } = this.ports.history.read();
    const same = drills.filter(({ jobId }) => jobId === drill.jobId);
    // the newest that proved all is kept, however many failed since
    const proven = same.filter(({ outcome }) => outcome === 'proven').at(-1);
    const old = new Set(same.slice(0, Math.max(0, same.length + 1 - kept)).filter((each) => each !== proven));
    const known = new Set(this.ports.jobs().map(({ id }) => id));
    await this.ports.history.write({ drills: [...drills.filter((each) => !old.has(each) && known.has(each.jobId)), drill] });
  }

  private now(): string {
    return new Date(this.ports.clock.now()).toISOString();
  }
}
