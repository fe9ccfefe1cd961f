/** Repositories as folders below one root. A file is whole and durable or not there; nothing is ever replaced. */
import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, opendir, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { allFolders, folderOf, isName, pathOf, repositoryFolder, shards, storedKinds, type StoredFile, type StoredKind } from './layout.js';
import { Refusal } from './refusal.js';

/** An upload that has not grown for this long belongs to nobody any more, ms. */
const abandonedAfter = 24 * 3_600_000;
/** Sizes asked for at the same time in a listing. */
const statsAtOnce = 64;

export interface ListedFile {
  readonly name: string;
  readonly size: number;
}

export class StorageDisk {
  private readonly incoming: string;
  /** Uploads under way by the path they end at: the second of two waits for the first. */
  private readonly writing = new Map<string, Promise<void>>();

  constructor(readonly root: string) {
    this.incoming = path.join(root, 'incoming');
  }

  /** Removes what uploads left behind that never ended. */
  async tidy(now: number): Promise<void> {
    for (const name of await names(this.incoming)) {
      const file = path.join(this.incoming, name);
      const found = await stat(file).catch(() => null);
      if (found !== null && now - found.mtimeMs > abandonedAfter) await rm(file, { force: true });
    }
  }

  async create(agentId: number): Promise<void> {
    await mkdir(this.incoming, { recursive: true, mode: 0o700 });
    const folders = allFolders(repositoryFolder(this.root, agentId));
    for (const folder of folders) await mkdir(folder, { mode: 0o700 }).catch(exceptWhenThere);
    for (const folder of [this.root, folders[0] ?? this.root]) await syncFolder(folder);
  }

  /** @returns bytes, or null where there is no such file. */
  async size(agentId: number, file: StoredFile): Promise<number | null> {
    const found = await stat(this.place(agentId, file)).catch(exceptWhenMissing);
    return found === null || !found.isFile() ? null : found.size;
  }

  /** @throws Refusal 404. */
  async open(agentId: number, file: StoredFile): Promise<FileHandle> {
    const handle = await open(this.place(agentId, file), 'r').catch(exceptWhenMissing);
    if (handle === null) throw new Refusal(404, 'There is no such file.');
    return handle;
  }

  /**
   * Stores a file whose content is checked against its name while it comes in. The same file again is taken and thrown away, for an
   * answer may have been lost; the config file has no hash for a name and is taken once.
   * @param size what was announced @returns whether something was added
   * @throws Refusal 400 when the content has another hash or size, 403 when a file with other content is there, 404 without a repository
   */
  async write(agentId: number, file: StoredFile, size: number, content: AsyncIterable<Uint8Array>): Promise<boolean> {
    const place = this.place(agentId, file);
    for (let other = this.writing.get(place); other !== undefined; other = this.writing.get(place)) await other;
    const work = this.writeAlone(agentId, file, place, size, content);
    const over = work.then(() => undefined, () => undefined);
    this.writing.set(place, over);
    try {
      return await work;
    } finally {
      this.writing.delete(place);
    }
  }

  /** A missing file is no error. @returns the bytes that it had. */
  async remove(agentId: number, file: StoredFile): Promise<number> {
    const size = await this.size(agentId, file);
    await rm(this.place(agentId, file), { force: true });
    return size ?? 0;
  }

  /** Removes everything of an agent. @returns the bytes that it had. */
  async discard(agentId: number): Promise<number> {
    const size = await this.measure(agentId);
    await rm(repositoryFolder(this.root, agentId), { recursive: true, force: true });
    return size;
  }

  /** In no order; files that vanish meanwhile are left out. Never more than a few names in memory. */
  async *list(agentId: number, kind: StoredKind): AsyncGenerator<ListedFile> {
    const top = path.join(repositoryFolder(this.root, agentId), kind);
    for (const folder of kind === 'data' ? shards.map((shard) => path.join(top, shard)) : [top]) yield* filesIn(folder);
  }

  /** Sum of the sizes of all files of an agent, bytes. */
  async measure(agentId: number): Promise<number> {
    let sum = (await this.size(agentId, { kind: 'config' })) ?? 0;
    for (const kind of storedKinds) for await (const { size } of this.list(agentId, kind)) sum += size;
    return sum;
  }

  /** Ids of the agents that have a folder here. */
  async agents(): Promise<number[]> {
    return (await names(this.root)).filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number);
  }

  /** Of the disk, bytes; null when the system does not say. */
  async space(): Promise<{ free: number; all: number } | null> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const found = await statfs(this.root).catch(() => null);
    return found === null ? null : { free: found.bavail * found.bsize, all: found.blocks * found.bsize };
  }

  private async writeAlone(agentId: number, file: StoredFile, place: string, size: number, content: AsyncIterable<Uint8Array>): Promise<boolean> {
    const before = await this.size(agentId, file);
    if (before !== null) {
      if (file.kind === 'config' || before !== size) throw thereAlready();
      await checked(file, size, content, () => Promise.resolve());
      return false;
    }
    const repository = repositoryFolder(this.root, agentId);
    if ((await stat(repository).catch(exceptWhenMissing)) === null) throw new Refusal(404, 'There is no repository yet.');
    const temporary = path.join(this.incoming, randomUUID());
    const handle = await open(temporary, 'wx', 0o600);
    try {
      try {
        await checked(file, size, content, async (pieces) => {
          // what is written at once may be a part of it
          for (let left = pieces; left.length > 0;) {
            const { bytesWritten } = await handle.writev(left);
            left = after(left, bytesWritten);
          }
        });
        await handle.sync();
      } finally {
        await handle.close();
      }
      await placeOnce(temporary, place);
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(folderOf(repository, file));
    return true;
  }

  private place(agentId: number, file: StoredFile): string {
    return pathOf(repositoryFolder(this.root, agentId), file);
  }
}

const thereAlready = (): Refusal => new Refusal(403, 'The file is there already and this storage is append-only.');

/** Bytes that are written at once: over TLS they come in pieces of 16 KiB, and a turn at the disk for each would cost more than all else. */
const atOnce = 512 * 1024;

/** Hands on all pieces, some at a time; ends when all of it was right. */
async function checked(file: StoredFile, size: number, content: AsyncIterable<Uint8Array>, each: (pieces: Uint8Array[]) => Promise<void>): Promise<void> {
  const hash = createHash('sha256');
  let seen = 0;
  let group: Uint8Array[] = [];
  let grouped = 0;
  for await (const piece of content) {
    seen += piece.length;
    if (seen > size) break;
    hash.update(piece);
    group.push(piece);
    grouped += piece.length;
    if (grouped < atOnce) continue;
    await each(group);
    group = [];
    grouped = 0;
  }
  if (seen !== size) throw new Refusal(400, 'The content is not as long as was announced.');
  if (file.kind !== 'config' && hash.digest('hex') !== file.name) throw new Refusal(400, 'The content does not have the SHA-256 that is its name.');
  if (grouped > 0) await each(group);
}

/** What is left of `pieces` after so many bytes. */
function after(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skipped = bytes;
  const left: Uint8Array[] = [];
  for (const piece of pieces) {
    if (skipped < piece.length) left.push(piece.subarray(skipped));
    skipped = Math.max(0, skipped - piece.length);
  }
  return left;
}

/** A link fails where the name is taken, whoever took it; a rename would replace. File systems without links get the rename. */
async function placeOnce(temporary: string, place: string): Promise<void> {
  try {
    await link(temporary, place);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') throw thereAlready();
    if (code === 'ENOENT') { // a shard that somebody removed
      await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
      return link(temporary, place);
    }
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    await rename(temporary, place);
  }
}

async function* filesIn(folder: string): AsyncGenerator<ListedFile> {
  const entries = await opendir(folder).catch(exceptWhenMissing);
  if (entries === null) return;
  let group: string[] = [];
  const sizes = async function* (): AsyncGenerator<ListedFile> {
    const found = await Promise.all(group.map((name) => stat(path.join(folder, name)).catch(exceptWhenMissing)));
    for (const [n, file] of found.entries()) if (file?.isFile()) yield { name: group[n] ?? '', size: file.size };
    group = [];
  };
  for await (const { name } of entries) {
    if (!isName(name)) continue;
    group.push(name);
    if (group.length >= statsAtOnce) yield* sizes();
  }
  yield* sizes();
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(exceptWhenMissing)) ?? [];
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync().catch((error: unknown) => {
      // some network file systems cannot sync a folder
      if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error;
    });
  } finally {
    await handle.close();
  }
}

export const codeOf = (error: unknown): string | undefined =>
  (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined);

function exceptWhenMissing(error: unknown): null {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
  throw error;
}

function exceptWhenThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}
