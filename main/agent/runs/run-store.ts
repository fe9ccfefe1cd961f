/** The history of runs: an append-only log in which the newest line of a run counts. Survives a power cut. */
import type { AppendLog } from '../ports.js';
import { isFinal, isGood, runSchema, type Run } from '../../shared/model.js';

/** Runs kept for screens. Kept besides, however old: the newest good run of every job, and the newest that made each of its copies. */
const kept = 500;

export class RunStore {
  private readonly runs = new Map<string, Run>();
  private lines: number;
  /** Of processes before this one. */
  private readonly former: ReadonlySet<string>;

  constructor(private readonly log: AppendLog) {
    for (const line of log.initial) {
      const run = parse(line);
      if (run !== null) this.remember(run);
    }
    this.lines = log.initial.length;
    this.former = new Set(this.runs.keys());
  }

  /** Newest first. */
  list(limit = kept): Run[] {
    return [...this.runs.values()].reverse().sort((a, b) => b.queuedAt.localeCompare(a.queuedAt)).slice(0, limit);
  }

  get(runId: string): Run | undefined {
    return this.runs.get(runId);
  }

  /** Of one job, newest first. */
  of(jobId: string): Run[] {
    return this.list(Infinity).filter((run) => run.jobId === jobId);
  }

  newestOf(jobId: string): Run | null {
    return this.list(Infinity).find((run) => run.jobId === jobId) ?? null;
  }

  newestGoodOf(jobId: string): Run | null {
    return this.list(Infinity).find((run) => run.jobId === jobId && isGood(run.state)) ?? null;
  }

  /**
   * Since when a run is owed because the former process ended under it, ms since the epoch; null when none is. Not a second time in a
   * row: a run that ends every process would go round and round.
   */
  owedSince(jobId: string): number | null {
    const [newest, before] = this.of(jobId);
    if (newest?.state !== 'interrupted' || !this.former.has(newest.id) || before?.state === 'interrupted') return null;
    return Date.parse(newest.startedAt ?? newest.queuedAt);
  }

  /** Start of the oldest good run that is remembered, ms since the epoch; null before the first. */
  firstGoodAt(jobId: string): number | null {
    const run = this.list(Infinity).reverse().find((each) => each.jobId === jobId && isGood(each.state));
    return run === undefined ? null : Date.parse(run.startedAt ?? run.queuedAt);
  }

  unfinished(): Run[] {
    return this.list(Infinity).filter((run) => !isFinal(run.state));
  }

  /** Resolves when the run's new state is on disk. */
  async save(run: Run): Promise<void> {
    this.remember(run);
    await this.log.append(JSON.stringify({ ...run, progress: null }), { sync: true });
    this.lines += 1;
    if (this.lines > 4 * kept) await this.compact();
  }

  /** Progress is shown, not stored. */
  showProgress(run: Run): void {
    this.remember(run);
  }

  private remember(run: Run): void {
    this.runs.set(run.id, run);
  }

  private newestCopiesOf(jobId: string): Run[] {
    const newest = new Map<string, Run>();
    for (const run of this.of(jobId).reverse()) for (const { destinationId, problem } of run.result?.copies ?? []) if (problem === null) newest.set(destinationId, run);
    return [...newest.values()];
  }

  private async compact(): Promise<void> {
    const keep = new Set(this.list(kept).map((run) => run.id));
    for (const run of this.unfinished()) keep.add(run.id);
    for (const jobId of new Set([...this.runs.values()].map((run) => run.jobId))) {
      const good = this.newestGoodOf(jobId);
      if (good !== null) keep.add(good.id);
      for (const run of this.newestCopiesOf(jobId)) keep.add(run.id);
    }
    for (const id of this.runs.keys()) if (!keep.has(id)) this.runs.delete(id);
    const lines = this.list(Infinity).reverse().map((run) => JSON.stringify({ ...run, progress: null }));
    await this.log.rewrite(lines);
    this.lines = lines.length;
  }
}

function parse(line: string): Run | null {
  try {
    return runSchema.parse(JSON.parse(line));
  } catch {
    return null; // one unreadable line of history must not keep the agent from starting
  }
}
