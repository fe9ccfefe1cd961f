/**
 * Runs ahead of the walk and has workers find the folders that have not changed since the parent snapshot. The walk asks
 * for each folder it comes to; below a folder that has not changed, the next ones are looked at before it gets there.
 */
import { HoldfastError } from '../../shared/errors.js';
import type { Id } from '../format/id.js';
import type { ByteString } from '../format/text.js';
import type { FolderToLook } from '../workers/messages.js';
import type { ArchivePool } from './file-queue.js';
import type { ListingReader } from './listing.js';
import type { FolderComparison, UnchangedFolder } from './unchanged.js';

export interface ScoutOptions {
  readonly pool: ArchivePool;
  readonly workers: number;
  /** A tree of the parent, sealed; null when it is not there. */
  readonly sealedTree: (id: Id) => Promise<FolderToLook['tree'] | null>;
  /** A tree of the parent, valid until the next call; null when it is not there. @throws `repository-damaged` */
  readonly openTree: (id: Id) => Promise<Buffer | null>;
  /** What was seen of folders before anything was known of their trees: then comparing is all that is left to do, and done here. */
  readonly survey: { listing(path: ByteString): Promise<ListingReader | null | undefined> } | null;
  readonly comparison: Pick<FolderComparison, 'compare'>;
}

interface Sought {
  readonly path: ByteString;
  readonly tree: Id;
  readonly verdict: Promise<UnchangedFolder | null>;
  readonly settle: (verdict: UnchangedFolder | null) => void;
  readonly fail: (error: unknown) => void;
  sent: boolean;
}

/** A damaged tree is the walk's to tell. */
function isDamage(error: unknown): boolean {
  return error instanceof HoldfastError && error.code !== 'cancelled';
}

/** Folders in one message. */
const mostInBatch = 64;
/** What it takes a thread to start and get warm is worth it for longer work than this only, ms. */
const longWork = 1500;
/** How far ahead of the walk: verdicts that nobody has asked for yet. */
const mostAhead = 4096;

export class Scout {
  /** Everything that the walk has not asked for yet. */
  private readonly sought = new Map<ByteString, Sought>();
  /** The next to be looked at is the last. */
  private readonly waiting: Sought[] = [];
  private underWay = 0;
  /** Looked at, or being so, and not asked for yet. */
  private ahead = 0;
  private readonly began = performance.now();

  constructor(private readonly options: ScoutOptions) {}

  /**
   * To be asked once for each folder, in the order of the walk.
   * @returns null when it has changed, or must be looked at closely
   */
  async verdict(path: ByteString, tree: Id): Promise<UnchangedFolder | null> {
    const listing = await this.options.survey?.listing(path);
    if (listing === undefined) return this.lookedAt(path, tree);
    return listing && this.comparedHere(listing, tree);
  }

  private async comparedHere(listing: ListingReader, tree: Id): Promise<UnchangedFolder | null> {
    try {
      const bytes = await this.options.openTree(tree);
      return bytes && this.options.comparison.compare(bytes, listing);
    } catch (error) {
      if (isDamage(error)) return null;
      throw error;
    }
  }

  private lookedAt(path: ByteString, tree: Id): Promise<UnchangedFolder | null> {
    const found = this.sought.get(path);
    const sought = found?.tree === tree ? found : this.seek(path, tree);
    this.sought.delete(path);
    if (sought.sent) this.ahead--;
    else this.send([sought]);
    this.pump();
    return sought.verdict;
  }

  private seek(path: ByteString, tree: Id): Sought {
    let settle: Sought['settle'] = () => undefined;
    let fail: Sought['fail'] = () => undefined;
    const verdict = new Promise<UnchangedFolder | null>((resolve, reject) => {
      settle = resolve;
      fail = reject;
    });
    verdict.catch(() => undefined); // it may be that nobody asks any more
    return { path, tree, verdict, settle, fail, sent: false };
  }

  private pump(): void {
    const lanes = this.options.workers * 2;
    while (this.underWay < lanes && this.waiting.length > 0 && this.ahead < mostAhead) {
      const size = Math.min(mostInBatch, Math.ceil(this.waiting.length / lanes));
      const batch = this.waiting.splice(-size).reverse().filter(({ sent }) => !sent);
      this.ahead += batch.length;
      if (batch.length > 0) this.send(batch);
    }
  }

  private send(batch: readonly Sought[]): void {
    for (const sought of batch) sought.sent = true;
    this.underWay++;
    void this.look(batch).catch((error: unknown) => {
      for (const sought of batch) sought.fail(error);
    }).finally(() => {
      this.underWay--;
      this.pump();
    });
  }

  private async look(batch: readonly Sought[]): Promise<void> {
    const trees = await Promise.all(batch.map(({ tree }) => this.sealed(tree)));
    const folders: FolderToLook[] = [];
    const asked: Sought[] = [];
    batch.forEach((sought, i) => {
      const tree = trees[i];
      if (!tree) {
        sought.settle(null);
        return;
      }
      folders.push({ path: sought.path, tree });
      asked.push(sought);
    });
    if (folders.length === 0) return;
    const unchanged = await this.askWorker(folders);
    // the last one's folders are put on top first, so that the first one's come next
    for (let i = asked.length - 1; i >= 0; i--) {
      const verdict = unchanged[i] ?? null;
      const sought = asked[i];
      if (!sought) continue;
      sought.settle(verdict);
      if (verdict) this.follow(sought.path, verdict);
    }
  }

  private async askWorker(folders: readonly FolderToLook[]): Promise<(UnchangedFolder | null)[]> {
    const result = await this.options.pool.run({ kind: 'look', folders }, [], performance.now() - this.began < longWork);
    if (result.kind !== 'look') throw new Error('a worker answered something else');
    return result.unchanged;
  }

  private async sealed(tree: Id): Promise<FolderToLook['tree'] | null> {
    try {
      return await this.options.sealedTree(tree);
    } catch (error) {
      if (isDamage(error)) return null;
      throw error;
    }
  }

  private follow(path: ByteString, { folders }: UnchangedFolder): void {
    const prefix = path === '/' ? '/' : `${path}/`;
    for (let i = folders.length - 1; i >= 0; i--) {
      const folder = folders[i];
      if (!folder) continue;
      const sought = this.seek(prefix + folder.name, folder.tree);
      this.sought.set(sought.path, sought);
      this.waiting.push(sought);
    }
  }
}
