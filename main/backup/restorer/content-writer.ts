/** Gives the workers one task per pack and hears which files are complete. */
import type { Backend } from '../backend/backend.js';
import { HoldfastError } from '../../shared/errors.js';
import type { ByteString } from '../format/text.js';
import type { PackSource, RestoreResult, RestoreTask } from '../workers/messages.js';
import type { WorkerPool } from '../workers/pool.js';
import type { PackPlan, PlannedFile } from './plan.js';

export type RestorePool = WorkerPool<RestoreTask, RestoreResult>;

/** Blobs nearer to each other than this are loaded in one request. */
const gap = 256 * 1024;
const tasksAhead = 4;

export class ContentWriter {
  private readonly failed = new Set<PlannedFile>();

  constructor(
    private readonly pool: RestorePool, private readonly backend: Backend,
    private readonly onError: (path: ByteString, message: string) => void, private readonly signal: AbortSignal,
  ) {}

  /** @param onComplete called for each file whose content is all there; `wasShared` when its metadata is still to be set */
  async write(plans: readonly PackPlan[], onComplete: (file: PlannedFile & { wasShared: boolean }) => void): Promise<void> {
    const running = new Set<Promise<void>>();
    let failure: unknown;
    for (const plan of plans) {
      await this.pool.room(tasksAhead);
      if (failure !== undefined) break;
      const work = this.writePack(plan, onComplete).catch((error: unknown) => { failure ??= error; }).finally(() => { running.delete(work); });
      running.add(work);
      while (running.size > 16) await Promise.race(running);
    }
    await Promise.all(running);
    if (failure !== undefined) throw failure;
  }

  private async writePack(plan: PackPlan, onComplete: (file: PlannedFile & { wasShared: boolean }) => void): Promise<void> {
    try {
      const source = await this.source(plan);
      const result = await this.pool.run({ kind: 'pack', pack: plan.pack, source, files: plan.targets, blobs: plan.blobs });
      for (const { file, message } of result.failures) this.fail(plan.files[file], message);
    } catch (error) {
      if (this.signal.aborted || !(error instanceof HoldfastError) || error.code === 'cancelled') throw error;
      for (const file of plan.files) this.fail(file, error.message);
    }
    plan.files.forEach((file, i) => {
      const wasShared = plan.targets[i]?.metadata === null;
      if (--file.packs > 0 || this.failed.has(file)) return;
      onComplete(Object.assign(file, { wasShared }));
    });
  }

  private fail(file: PlannedFile | undefined, message: string): void {
    if (!file || this.failed.has(file)) return;
    this.failed.add(file);
    this.onError(file.path, message);
  }

  private async source(plan: PackPlan): Promise<PackSource> {
    const handle = { kind: 'data', name: plan.pack } as const;
    const path = this.backend.localPath(handle);
    if (path !== null) return { path };
    const ranges: { offset: number; end: number }[] = [];
    for (const { offset, length } of plan.blobs) {
      const last = ranges.at(-1);
      if (last && offset - last.end <= gap) last.end = Math.max(last.end, offset + length);
      else ranges.push({ offset, end: offset + length });
    }
    const pieces = [];
    for (const { offset, end } of ranges) pieces.push({ offset, bytes: await this.backend.load(handle, { offset, length: end - offset }, this.signal) });
    return { pieces };
  }
}
