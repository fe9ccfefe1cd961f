/**
 * Keeps the metadata of a remote repository on this computer: keys, index and snapshot files, and packs of trees. What is kept is as sealed as in
 * the repository. Names are hashes of contents, so that nothing kept can be out of date, only damaged or removed: each file is compared
 * with its name before its first use in a process, and what a listing no longer shows is forgotten.
 */
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSpool, type Backend, type FileHandle, type FileKind, type ListedFile, type Spool } from '../backend.js';
import { Decorator } from './decorator.js';

type Range = { offset: number; length: number };

/** What the cache may keep. Packs of data are too large, and each is read once. */
function isKept(file: FileHandle): boolean {
  return file.kind === 'keys' || file.kind === 'index' || file.kind === 'snapshots' || (file.kind === 'data' && file.metadata === true);
}

/** A repository's folder below `parent`; addresses of one repository are rarely written in two ways. */
export function cacheFolderFor(parent: string, location: string): string {
  return join(parent, createHash('sha256').update(location).digest('hex').slice(0, 32));
}

export class CacheBackend extends Decorator {
  /** Name to size, of files whose content was found to fit their name. */
  private readonly verified = new Map<string, number>();
  private readonly loading = new Map<string, Promise<Buffer>>();
  /** A cache that cannot be written (disk full, no permission) is done without. */
  private broken = false;

  /** @param folder of this repository alone; made when something is kept */
  constructor(inner: Backend, private readonly folder: string, private readonly onWarning?: (text: string) => void) {
    super(inner);
  }

  override async save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    if (!isKept(file) || this.broken) return this.inner.save(file, content, signal);
    // a spool file is gone once it is saved
    const copy = isSpool(content) ? await this.keep((aside) => copyFile(content.path, aside)) : null;
    try {
      await this.inner.save(file, content, signal);
    } catch (error) {
      if (copy !== null) await rm(copy, { force: true }).catch(() => undefined);
      throw error;
    }
    const aside = copy ?? (isSpool(content) ? null : await this.keep((path) => writeFile(path, content, { mode: 0o600 })));
    if (aside !== null) await this.adopt(file, aside, isSpool(content) ? content.size : content.length);
  }

  override async load(file: FileHandle, range?: Range, signal?: AbortSignal): Promise<Buffer> {
    if (!isKept(file)) return this.inner.load(file, range, signal);
    const kept = await this.kept(file, range);
    if (kept) return kept;
    // several may want parts of one pack at once: one of them fetches it
    let loading = this.loading.get(file.name);
    if (!loading) {
      loading = this.fetch(file, signal).finally(() => this.loading.delete(file.name));
      this.loading.set(file.name, loading);
    }
    const whole = await loading.catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return null; // the one that fetched may have been aborted, or the file may be whole where we want it
    });
    if (!whole || (range && range.offset + range.length > whole.length)) return this.inner.load(file, range, signal);
    return range ? whole.subarray(range.offset, range.offset + range.length) : whole;
  }

  override async stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }> {
    if (file.kind === 'data' && isKept(file)) {
      const size = await this.sizeOf(file);
      if (size !== null) return { size };
    }
    return this.inner.stat(file, signal);
  }

  override async *list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile> {
    const seen = new Set<string>();
    for await (const file of this.inner.list(kind, signal)) {
      seen.add(file.name);
      yield file;
    }
    for (const name of await readdir(join(this.folder, kind)).catch(() => [])) if (!seen.has(name)) await this.forget({ kind, name });
  }

  override async remove(file: FileHandle, signal?: AbortSignal): Promise<void> {
    await this.inner.remove(file, signal);
    await this.forget(file);
  }

  private async fetch(file: FileHandle, signal?: AbortSignal): Promise<Buffer> {
    const whole = await this.inner.load(file, undefined, signal);
    if (!this.broken && fits(whole, file.name)) {
      const aside = await this.keep((path) => writeFile(path, whole, { mode: 0o600 }));
      if (aside !== null) await this.adopt(file, aside, whole.length);
    }
    return whole;
  }

  /** From the cache, or null. */
  private async kept(file: FileHandle, range: Range | undefined): Promise<Buffer | null> {
    if (this.verified.has(file.name) && range) return this.readPart(file, range);
    const whole = await readFile(this.pathOf(file)).catch(() => null);
    if (!whole) return null;
    if (!this.verified.has(file.name)) {
      if (!fits(whole, file.name)) {
        await this.forget(file);
        return null;
      }
      this.verified.set(file.name, whole.length);
    }
    if (!range) return whole;
    return range.offset + range.length > whole.length ? null : whole.subarray(range.offset, range.offset + range.length);
  }

  private async readPart(file: FileHandle, { offset, length }: Range): Promise<Buffer | null> {
    const handle = await open(this.pathOf(file), 'r').catch(() => null);
    if (!handle) return null;
    try {
      const bytes = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      return bytesRead === length ? bytes : null;
    } catch {
      return null;
    } finally {
      await handle.close();
    }
  }

  private async sizeOf(file: FileHandle): Promise<number | null> {
    return this.verified.get(file.name) ?? stat(this.pathOf(file)).then(({ size }) => size, () => null);
  }

  private pathOf(file: FileHandle): string {
    return join(this.folder, file.kind, file.name);
  }

  /** Writes a file aside. @returns its path, or null when the cache cannot be written */
  private async keep(write: (path: string) => Promise<void>): Promise<string | null> {
    const aside = join(this.folder, `${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await write(aside);
      return aside;
    } catch (error) {
      await this.giveUp(aside, error);
      return null;
    }
  }

  private async adopt(file: FileHandle, aside: string, size: number): Promise<void> {
    try {
      await mkdir(join(this.folder, file.kind), { recursive: true, mode: 0o700 });
      await rename(aside, this.pathOf(file));
      this.verified.set(file.name, size);
    } catch (error) {
      await this.giveUp(aside, error);
    }
  }

  private async giveUp(aside: string, error: unknown): Promise<void> {
    await rm(aside, { force: true }).catch(() => undefined);
    if (this.broken) return;
    this.broken = true;
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    this.onWarning?.(`The cache in ${this.folder} cannot be written${code}: this run does without, and is slower.`);
  }

  private async forget(file: FileHandle): Promise<void> {
    this.verified.delete(file.name);
    await rm(this.pathOf(file), { force: true }).catch(() => undefined);
  }
}

function fits(content: Uint8Array, name: string): boolean {
  return createHash('sha256').update(content).digest('hex') === name;
}
