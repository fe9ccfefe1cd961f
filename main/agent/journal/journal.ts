/**
 * The outbox of run events. An event has its number and is on the disk before it is sent, so that no number is ever used
 * for two events; it stays there until the hub has acknowledged it. Numbers have no gaps.
 *
 * Progress is different: only the newest of a run is worth sending. It waits in memory without a number until the hub has
 * everything else, and is dropped when its run ends.
 */
import { HoldfastError } from '../../shared/errors.js';
import { runEventBodySchema, type RunEvent, type RunEventBody } from '../../shared/protocol/messages.js';
import type { AppendLog, Clock, Logger } from '../ports.js';
import type { Outbox } from '../tunnel/outbox.js';
import type { Journal } from '../tunnel-port.js';
import { ackedLine, eventLine, headerLine, readLines } from './lines.js';

/** With this many events waiting, further log lines are left out; states and results never are. */
const fullOfLogLines = 20_000;
/** The file is written anew when it has this many lines more than events waiting. */
const spareLines = 1_000;
/** Progress gets a number at most this often, ms: each number costs a write that the disk must finish. */
const progressEvery = 1_000;

export interface JournalOptions {
  readonly log: AppendLog;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
}

export class RunJournal implements Journal, Outbox {
  private name: string;
  private ackedSeq: number;
  /** Numbered ackedSeq + 1, + 2, ... */
  private events: RunEvent[];
  /** Everything up to here has reached the disk. */
  private durableSeq: number;
  private lines: number;
  private mustRewrite: boolean;
  private warnedFull = false;
  private readonly progress = new Map<string, Omit<RunEvent, 'seq'>>();
  private progressHeldUntil = -Infinity;
  private cancelProgressTimer: (() => void) | null = null;
  /** The last event found on disk at opening. */
  private readonly loadedSeq: number;
  /** Has the hub said since then what it has? */
  private met = false;
  private readonly listeners = new Set<() => void>();
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: JournalOptions) {
    const found = readLines(options.log.initial);
    if (found.intact && found.id !== null) {
      this.name = found.id;
      this.ackedSeq = found.acked;
      this.events = found.events;
    } else {
      // A new name with numbers from 1: the old ones may have been used for events that are lost.
      if (options.log.initial.length > 0) options.logger.log('warn', 'The journal was damaged; what could be read is kept under a new name');
      this.name = options.newId();
      this.ackedSeq = 0;
      this.events = renumbered(found.events);
    }
    this.lines = options.log.initial.length;
    this.loadedSeq = this.lastSeq;
    this.durableSeq = this.ackedSeq;
    this.mustRewrite = !found.intact;
  }

  get id(): string {
    return this.name;
  }

  async record(runId: string, jobId: string, event: RunEventBody): Promise<void> {
    const valid = runEventBodySchema.safeParse(event);
    if (!valid.success) throw new HoldfastError('internal', `An event of a run is not valid and cannot be reported: ${valid.error.issues.map((issue) => issue.message).join('; ')}.`);
    const body: Omit<RunEvent, 'seq'> = { kind: 'run.event', at: new Date(this.options.clock.now()).toISOString(), runId, jobId, event: valid.data };
    if (event.type === 'progress') {
      this.progress.set(runId, body);
      this.tell();
      return;
    }
    if (event.type === 'finished') this.progress.delete(runId);
    if (event.type === 'log' && this.events.length >= fullOfLogLines) {
      if (!this.warnedFull) this.options.logger.log('warn', 'The hub has been away for so long that log lines of runs are no longer kept for it');
      this.warnedFull = true;
      return;
    }
    await this.add(body, event.type !== 'log');
    this.tell();
  }

  async take(after: number, limit: number): Promise<RunEvent[]> {
    if (this.events.length === 0) await this.numberProgress();
    if (this.durableSeq < this.lastSeq) await this.write(() => ackedLine(this.ackedSeq), true);
    const from = Math.max(after - this.ackedSeq, 0);
    return this.events.slice(from, Math.min(from + limit, this.durableSeq - this.ackedSeq));
  }

  async acked(seq: number): Promise<void> {
    if (seq <= this.ackedSeq || seq > this.lastSeq) return;
    this.events.splice(0, seq - this.ackedSeq);
    this.ackedSeq = seq;
    this.durableSeq = Math.max(this.durableSeq, seq);
    this.warnedFull = false;
    if (this.lines > this.events.length + spareLines) this.mustRewrite = true;
    await this.write(() => ackedLine(this.ackedSeq), false);
    if (this.progress.size > 0) this.tell();
  }

  async resume(ackedSeq: number): Promise<'continued' | 'restarted'> {
    // The hub has events that this disk has lost: then it has all that were found on it, and numbers given since were given twice.
    const lostSome = !this.met && ackedSeq > this.loadedSeq;
    this.met = true;
    if (!lostSome && ackedSeq >= this.ackedSeq && ackedSeq <= this.lastSeq) {
      await this.acked(ackedSeq);
      return 'continued';
    }
    this.options.logger.log('warn', `The hub knows another past of this journal (it has ${ackedSeq}, this computer ${this.ackedSeq} to ${this.lastSeq}); the journal goes on under a new name`);
    this.name = this.options.newId();
    this.events = renumbered(lostSome ? this.events.filter((event) => event.seq > this.loadedSeq) : this.events);
    this.ackedSeq = 0;
    this.durableSeq = 0;
    this.mustRewrite = true;
    await this.write(() => ackedLine(0), true);
    return 'restarted';
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when everything recorded is on the disk. */
  async close(): Promise<void> {
    this.cancelProgressTimer?.();
    this.listeners.clear();
    await this.writing.catch(() => undefined);
    await this.options.log.close();
  }

  private get lastSeq(): number {
    return this.ackedSeq + this.events.length;
  }

  private add(body: Omit<RunEvent, 'seq'>, sync: boolean): Promise<void> {
    const event: RunEvent = { ...body, seq: this.lastSeq + 1 };
    this.events.push(event);
    return this.write(() => eventLine(event), sync);
  }

  /** Gives the newest progress of each run a number, unless that happened a moment ago. */
  private async numberProgress(): Promise<void> {
    if (this.progress.size === 0) return;
    const now = this.options.clock.now();
    const wait = this.progressHeldUntil - now;
    if (wait > 0 && wait <= progressEvery) {
      this.cancelProgressTimer ??= this.options.clock.after(wait, () => {
        this.cancelProgressTimer = null;
        this.tell();
      });
      return;
    }
    this.progressHeldUntil = now + progressEvery;
    const newest = [...this.progress.values()];
    this.progress.clear();
    await Promise.all(newest.map((body) => this.add(body, false)));
  }

  /**
   * Writes happen one after the other. After one that failed the whole file is written anew, so that no number is missing in it.
   * @param sync whether the disk must have it; then it has everything recorded before as well.
   */
  private write(line: () => string, sync: boolean): Promise<void> {
    const queuedName = this.name;
    const queuedSeq = this.lastSeq;
    const done = this.writing.catch(() => undefined).then(async () => {
      const whole = this.mustRewrite || this.lines === 0;
      const name = whole ? this.name : queuedName;
      const upTo = whole ? this.lastSeq : queuedSeq;
      if (whole) await this.writeWhole();
      else await this.appendOne(line(), sync);
      if ((whole || sync) && this.name === name) this.durableSeq = Math.max(this.durableSeq, upTo);
    });
    this.writing = done;
    return done;
  }

  private async writeWhole(): Promise<void> {
    const lines = [headerLine(this.name, this.ackedSeq), ...this.events.map(eventLine)];
    this.mustRewrite = true;
    await this.options.log.rewrite(lines);
    this.mustRewrite = false;
    this.lines = lines.length;
  }

  private async appendOne(line: string, sync: boolean): Promise<void> {
    try {
      await this.options.log.append(line, { sync });
      this.lines += 1;
    } catch (error) {
      this.mustRewrite = true;
      throw error;
    }
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** A journal that goes on from what `log` holds. */
export const openJournal = (options: JournalOptions): RunJournal => new RunJournal(options);

const renumbered = (events: readonly RunEvent[]): RunEvent[] => events.map((event, index) => ({ ...event, seq: index + 1 }));
