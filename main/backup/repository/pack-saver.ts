/**
 * Brings finished packs into the repository and writes the index for them: data before index, always.
 * The index is written now and then, so that little is lost when the computer goes down in the middle.
 */
import { rm } from 'node:fs/promises';
import type { IndexedPack } from '../format/index-file.js';
import { encodeIndex } from '../format/index-file.js';
import type { FinishedPack } from '../pack/pack-writer.js';
import type { Repository } from './repository.js';

/** As restic: an index file with more blobs than this is written. */
const mostBlobs = 50_000;
const indexEvery = 5 * 60 * 1000;
/** How long the end of a run that failed may be held up, ms. */
const lastIndexWithin = 5000;

export interface PackSaverOptions {
  readonly signal?: AbortSignal | undefined;
  /** Saves at the same time. */
  readonly parallel?: number;
  readonly onSaved?: (pack: IndexedPack) => void;
  /** Called once, with the first error; everything after it fails too. */
  readonly onFailure?: (error: unknown) => void;
}

export class PackSaver {
  private readonly queue: FinishedPack[] = [];
  private readonly active = new Set<Promise<void>>();
  private waiters: (() => void)[] = [];
  private unindexed: IndexedPack[] = [];
  private unindexedBlobs = 0;
  private lastIndex = Date.now();
  private failure: unknown;
  /** Index writes follow one another. */
  private indexing: Promise<void> = Promise.resolve();

  constructor(private readonly repository: Repository, private readonly options: PackSaverOptions = {}) {}

  add(pack: FinishedPack): void {
    this.queue.push(pack);
    this.pump();
  }

  /** Takes up a pack that is in the repository and in no index. */
  adopt(pack: IndexedPack): void {
    this.unindexed.push(pack);
    this.unindexedBlobs += pack.blobs.length;
  }

  /** Waits until at most `limit` packs wait to be saved. */
  async room(limit: number): Promise<void> {
    while (this.queue.length + this.active.size > limit && this.failure === undefined) {
      await new Promise<void>((resolve) => { this.waiters.push(resolve); });
    }
    if (this.failure !== undefined) throw this.failure;
  }

  /** Everything saved and indexed. */
  async flush(): Promise<void> {
    await this.room(0);
    await this.writeIndex();
  }

  /** Throws away what was not saved. What was saved gets into an index even now, if that can be done quickly: the next run builds on it. */
  async abandon(): Promise<void> {
    this.failure ??= new Error('abandoned');
    await Promise.allSettled([...this.active, this.indexing]);
    await Promise.all(this.queue.splice(0).map((pack) => rm(pack.path, { force: true })));
    await this.writeIndex(AbortSignal.timeout(lastIndexWithin)).catch(() => undefined); // the next backup finds the packs without it, too
  }

  private pump(): void {
    while (this.active.size < (this.options.parallel ?? 3) && this.failure === undefined) {
      const pack = this.queue.shift();
      if (!pack) break;
      const saving = this.save(pack).catch((error: unknown) => { this.fail(error); }).finally(() => {
        this.active.delete(saving);
        for (const resolve of this.waiters.splice(0)) resolve();
        this.pump();
      });
      this.active.add(saving);
    }
  }

  private async save(pack: FinishedPack): Promise<void> {
    try {
      await this.repository.backend.save({ kind: 'data', name: pack.id, metadata: pack.blobs.every(({ type }) => type === 'tree') }, pack, this.options.signal);
    } catch (error) {
      await rm(pack.path, { force: true });
      throw error;
    }
    const indexed: IndexedPack = { id: pack.id, blobs: pack.blobs };
    this.unindexed.push(indexed);
    this.unindexedBlobs += pack.blobs.length;
    this.options.onSaved?.(indexed);
    if (this.unindexedBlobs >= mostBlobs || Date.now() - this.lastIndex > indexEvery) await this.writeIndex();
  }

  /** Saves an index of the packs that are in none yet. */
  writeIndex(signal = this.options.signal): Promise<void> {
    const write = async (): Promise<void> => {
      if (this.unindexed.length === 0) return;
      const packs = this.unindexed;
      this.unindexed = [];
      this.unindexedBlobs = 0;
      this.lastIndex = Date.now();
      try {
        await this.repository.save('index', encodeIndex(packs), signal);
      } catch (error) {
        this.unindexed.unshift(...packs);
        throw error;
      }
    };
    this.indexing = this.indexing.catch(() => undefined).then(write);
    return this.indexing;
  }

  private fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.options.onFailure?.(error);
  }
}
