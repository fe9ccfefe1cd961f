/**
 * Starts runs when their schedule says so. Catches up once after sleep, defers (never drops) a run whose condition does not hold,
 * and can always say why a wanted run has not begun.
 */
import { asHoldfastError } from '../../shared/errors.js';
import type { Job, RunTrigger } from '../../shared/model.js';
import type { Clock } from '../ports.js';
import { nextTime, spread, usualInterval } from './schedule.js';

/** How often deferred runs are looked at again, ms. Also bounds how late a wake from sleep is noticed. */
const lookEvery = 30_000;
/** A scheduled run that begins this much after its time is called a catch-up, ms. */
const catchUpAfter = 10 * 60_000;

export interface SchedulerPorts {
  readonly clock: Clock;
  jobs(): readonly Job[];
  /** Start of the job's newest run, of whatever outcome; null before the first. */
  lastStartedAt(jobId: string): number | null;
  /** Since when a run is owed that could not be made, whatever the schedule says; null for none, ms. */
  owedSince(job: Job): number | null;
  isBusy(jobId: string): boolean;
  /** Why the job may not start now, as the end of a sentence ("the computer is on battery"); null when it may. */
  obstacle(job: Job): Promise<string | null>;
  start(job: Job, trigger: RunTrigger): void;
  /** Something that screens show has changed. */
  changed(): void;
}

export class Scheduler {
  private stopTimer: (() => void) | null = null;
  private running = false;
  private looking: Promise<void> = Promise.resolve();
  private readonly waiting = new Map<string, string>();

  constructor(private readonly ports: SchedulerPorts) {}

  /** Begins to watch the clock. Idempotent. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.look();
  }

  /** Starts nothing more until `start`. */
  stop(): void {
    this.running = false;
    this.stopTimer?.();
    this.stopTimer = null;
    this.waiting.clear();
  }

  /** Look now: the job set changed, the computer woke, a run ended. */
  look(): void {
    this.stopTimer?.();
    this.stopTimer = null;
    if (!this.running) return;
    this.looking = this.looking.then(() => this.pass());
  }

  /** Why the job's wanted run has not begun; null when nothing is held back. */
  waitingFor(jobId: string): string | null {
    return this.waiting.get(jobId) ?? null;
  }

  /** When the job's next run is planned, ms; in the past while it is held back; null when started by hand only. */
  dueAt(job: Job): number | null {
    if (job.paused) return null;
    const owed = this.ports.owedSince(job);
    if (owed !== null) return owed;
    try {
      const from = this.ports.lastStartedAt(job.id) ?? Date.parse(job.createdAt);
      const next = nextTime(job.schedule, from);
      return next === null ? null : next + spread(job.id, usualInterval(job.schedule, from));
    } catch {
      return null; // checkSchedule keeps such jobs out; one that came anyway says so through `pass`
    }
  }

  private async pass(): Promise<void> {
    const now = this.ports.clock.now();
    let next = now + lookEvery;
    const before = JSON.stringify([...this.waiting]);
    for (const job of this.ports.jobs()) {
      const due = this.dueAt(job);
      if (due === null || this.ports.isBusy(job.id)) {
        this.waiting.delete(job.id);
        continue;
      }
      if (due > now) {
        this.waiting.delete(job.id);
        next = Math.min(next, due);
        continue;
      }
      const obstacle = await this.ports.obstacle(job).catch((error: unknown) => asHoldfastError(error).message);
      if (!this.running) return;
      if (obstacle === null) {
        this.waiting.delete(job.id);
        this.ports.start(job, now - due > catchUpAfter ? 'catch-up' : 'schedule');
      } else {
        this.waiting.set(job.id, obstacle);
      }
    }
    for (const id of this.waiting.keys()) if (!this.ports.jobs().some((job) => job.id === id)) this.waiting.delete(id);
    if (JSON.stringify([...this.waiting]) !== before) this.ports.changed();
    this.stopTimer?.();
    this.stopTimer = this.ports.clock.after(Math.max(next - this.ports.clock.now(), 250), () => this.look());
  }
}
