/** Remembers what each job's runs usually change, raises an alarm for one that is far from it, and keeps it until a person accepts. */
import { z } from 'zod';
import { alarmSchema, type Alarm } from '../../shared/alarm.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Job, RunResult } from '../../shared/model.js';
import type { Document, Engine, RepositoryAccess } from '../ports.js';
import { changesSchema, unusual, type Changes } from './judge.js';
import { headFits } from './magic.js';

const jobCareSchema = z.object({
  usual: z.array(changesSchema).default([]),
  alarm: alarmSchema.nullable().default(null),
  /** What gave the alarm; usual from then on when it is accepted. */
  held: changesSchema.nullable().default(null),
});
export const careSchema = z.object({ jobs: z.record(z.string(), jobCareSchema).default({}) });
export type CareData = z.infer<typeof careSchema>;
export const emptyCare: CareData = { jobs: {} };

/** Runs remembered per job. */
const kept = 30;

/** The same tree: the repository need not be opened to see that. */
const unchanged = ({ filesUnmodified }: RunResult): Changes => ({ before: filesUnmodified, changed: 0, removed: 0, unreadable: 0 });

export interface CarePorts {
  readonly document: Document<CareData>;
  readonly engine: Pick<Engine, 'upheaval'>;
  /** The first bytes of a file of this computer; null when it cannot be read. */
  readonly head: (path: string) => Promise<Uint8Array | null>;
  readonly now: () => string;
  readonly jobs: () => readonly Job[];
  readonly changed: () => void;
}

export class Care {
  constructor(private readonly ports: CarePorts) {}

  alarm(jobId: string): Alarm | null {
    return this.ports.document.read().jobs[jobId]?.alarm ?? null;
  }

  /**
   * Compares what a run left with the snapshot before.
   * @param last what the last good run left; null for a job's first
   * @returns the alarm that this run gave; null when there is nothing to see, or no snapshot to compare with
   */
  async look(job: Job, result: RunResult, last: Pick<RunResult, 'snapshotId' | 'treeId'> | null, repository: RepositoryAccess, signal: AbortSignal): Promise<Alarm | null> {
    if (last === null || last.snapshotId === result.snapshotId) return null;
    const before = last.snapshotId;
    const changes = last.treeId === result.treeId ? unchanged(result) : await this.changes(result, before, repository, signal);
    if (changes === null) return null;
    const known = this.ports.document.read().jobs[job.id] ?? jobCareSchema.parse({});
    const reason = unusual(changes, known.usual);
    if (reason === null) {
      await this.write(job.id, { ...known, usual: [...known.usual, changes].slice(-kept) });
      return null;
    }
    const alarm: Alarm = { id: result.snapshotId.slice(0, 12), at: this.ports.now(), reason, before };
    // The first alarm stays: it names the snapshot from before the trouble.
    await this.write(job.id, known.alarm === null ? { ...known, alarm, held: changes } : known);
    return alarm;
  }

  /** These changes were a person's own; such are usual from now on. @throws HoldfastError `not-found` when there is no alarm. */
  async accept(jobId: string): Promise<void> {
    const known = this.ports.document.read().jobs[jobId];
    if (known === undefined || known.alarm === null) throw new HoldfastError('not-found', 'Nothing unusual waits to be accepted for that job.');
    await this.write(jobId, { usual: [...known.usual, ...(known.held === null ? [] : [known.held])].slice(-kept), alarm: null, held: null });
  }

  private async changes(result: RunResult, before: string, repository: RepositoryAccess, signal: AbortSignal): Promise<Changes | null> {
    try {
      const { changed, changedPaths, removed, scrambled } = await this.ports.engine.upheaval(repository, before, result.snapshotId, signal);
      const files = result.filesUnmodified + result.filesChanged + removed;
      return { before: Math.max(files, changed, removed), changed, removed, unreadable: Math.max(scrambled, await this.misshapen(changed, changedPaths)) };
    } catch (thrown) {
      if (asHoldfastError(thrown).code === 'not-found') return null; // the snapshot before was forgotten
      throw thrown;
    }
  }

  /** Changed files that do not begin as their kind does, reckoned from those that are listed. */
  private async misshapen(changed: number, paths: readonly string[]): Promise<number> {
    let wrong = 0;
    for (const path of paths) {
      const head = await this.ports.head(path);
      if (head !== null && headFits(path, head) === false) wrong += 1;
    }
    return paths.length === 0 ? 0 : Math.round((wrong / paths.length) * changed);
  }

  private async write(jobId: string, care: CareData['jobs'][string]): Promise<void> {
    const { jobs } = this.ports.document.read();
    const ids = new Set([jobId, ...this.ports.jobs().map(({ id }) => id)]); // jobs that are gone are forgotten here, too
    await this.ports.document.write({ jobs: { ...Object.fromEntries(Object.entries(jobs).filter(([id]) => ids.has(id))), [jobId]: care } });
    this.ports.changed();
  }
}
