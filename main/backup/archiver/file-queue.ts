/** Hands files to the workers: small ones in batches, huge ones in pieces that several workers share. */
import type { Id } from '../format/id.js';
import type { ArchiveResult, ArchiveTask, BlobCounts, FileResult, FileToRead, PackEvent } from '../workers/messages.js';
import type { WorkerPool } from '../workers/pool.js';

export type ArchivePool = WorkerPool<ArchiveTask, ArchiveResult, PackEvent>;

const batchBytes = 4 * 1024 * 1024;
const batchFiles = 200;
/** From here on a file is cut by one worker and stored by all. */
const hugeFile = 96 * 1024 * 1024;
const cutsAtOnce = 64 * 1024 * 1024;
const pieceBytes = 12 * 1024 * 1024;

interface Entry {
  readonly file: FileToRead;
  readonly done: (result: FileResult) => void;
}

export class FileQueue {
  private batch: Entry[] = [];
  private bytes = 0;
  private outstanding = 0;
  private idle: (() => void)[] = [];

  constructor(
    private readonly pool: ArchivePool, private readonly workers: number,
    private readonly events: { counts: (counts: BlobCounts) => void; failed: (error: unknown) => void },
  ) {}

  /** @param done is called with the result, later */
  add(file: FileToRead, done: (result: FileResult) => void): void {
    if (file.size >= hugeFile && this.workers > 1) {
      this.track(this.storeHuge(file).then(done));
      return;
    }
    this.batch.push({ file, done });
    this.bytes += file.size;
    if (this.bytes >= batchBytes || this.batch.length >= batchFiles) this.send();
  }

  /** Stores one chunk of a stream. It is not the caller's any more. */
  async store(bytes: Uint8Array<ArrayBuffer>): Promise<Id> {
    await this.pool.room(this.workers);
    const whole = bytes.byteLength === bytes.buffer.byteLength; // a small one may lie in memory that others share
    const [result] = await this.run({ kind: 'blob', bytes }, whole ? [bytes.buffer] : []);
    const id = result?.content[0];
    if (id === undefined) throw new Error('a worker answered without an ID');
    return id;
  }

  /** Gives the workers what has gathered so far. */
  send(): void {
    const batch = this.batch;
    if (batch.length === 0) return;
    this.batch = [];
    this.bytes = 0;
    this.track(this.run({ kind: 'files', files: batch.map((entry) => entry.file) }).then((results) => {
      batch.forEach((entry, i) => {
        const result = results[i];
        if (result) entry.done(result);
      });
    }));
  }

  /** Waits until the workers are nearly out of tasks. */
  async room(): Promise<void> {
    await this.pool.room(this.workers * 2);
    while (this.outstanding > this.workers * 6) await this.progress();
  }

  async finished(): Promise<void> {
    this.send();
    while (this.outstanding > 0) await this.progress();
  }

  private progress(): Promise<void> {
    return new Promise((resolve) => { this.idle.push(resolve); });
  }

  private track(work: Promise<void>): void {
    this.outstanding++;
    void work.catch((error: unknown) => { this.events.failed(error); }).finally(() => {
      this.outstanding--;
      for (const resolve of this.idle.splice(0)) resolve();
    });
  }

  private async run(task: ArchiveTask, transfer: readonly ArrayBuffer[] = []): Promise<FileResult[]> {
    const result = await this.pool.run(task, transfer);
    if (result.kind !== 'files') throw new Error('a worker answered something else');
    this.events.counts(result.counts);
    return result.results;
  }

  private async storeHuge(file: FileToRead): Promise<FileResult> {
    const pieces: Promise<FileResult[]>[] = [];
    try {
      for (let from = 0; ;) {
        const cuts = await this.pool.run({ kind: 'cuts', path: file.path, from, most: cutsAtOnce });
        if (cuts.kind !== 'cuts') throw new Error('a worker answered something else');
        for (let i = 0; i < cuts.lengths.length;) {
          const lengths: number[] = [];
          let size = 0;
          while (i < cuts.lengths.length && size < pieceBytes) {
            const length = cuts.lengths[i++] ?? 0;
            lengths.push(length);
            size += length;
          }
          const piece = this.run({ kind: 'chunks', path: file.path, from, lengths });
          piece.catch(() => undefined); // looked at below
          pieces.push(piece);
          from += size;
        }
        if (cuts.ended) break;
        await this.pool.room(this.workers * 2);
      }
      return await this.join(file, pieces);
    } catch (error) {
      await Promise.allSettled(pieces);
      if (error instanceof Error && 'retryable' in error && 'code' in error && error.code !== 'internal') throw error;
      return { content: [], size: 0, stale: false, unstable: false, error: { code: '', message: error instanceof Error ? error.message : String(error) } };
    }
  }

  private async join(file: FileToRead, pieces: readonly Promise<FileResult[]>[]): Promise<FileResult> {
    const content: Id[] = [];
    let size = 0;
    for (const [part] of await Promise.all(pieces)) {
      if (!part) continue;
      content.push(...part.content);
      size += part.size;
    }
    // whether it changed meanwhile is for the conductor to see: it looks at the file again
    return { content, size, stale: true, unstable: size !== file.size };
  }
}
