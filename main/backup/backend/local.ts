/** A repository in a folder, in restic's default layout. Saving is: write aside, fsync, rename, fsync of the folder. */
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { isSpool, type Backend, type FileHandle, type FileKind, type ListedFile, type Spool } from './backend.js';
import { codeOf, localError } from './local-errors.js';

const folders: readonly FileKind[] = ['keys', 'locks', 'snapshots', 'index', 'data'];
const hexPair = /^[0-9a-f]{2}$/;

export class LocalBackend implements Backend {
  readonly location: string;
  private temporary = 0;
  private spool: string | null = null;

  constructor(private readonly root: string) {
    this.location = root;
  }

  async create(): Promise<void> {
    await this.guard(async () => {
      await mkdir(this.root, { recursive: true, mode: 0o700 });
      for (const folder of folders) await mkdir(join(this.root, folder), { recursive: true, mode: 0o700 });
      for (let i = 0; i < 256; i++) await mkdir(join(this.root, 'data', i.toString(16).padStart(2, '0')), { recursive: true, mode: 0o700 });
      await syncFolder(this.root);
    });
  }

  async save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const target = this.pathOf(file);
    await this.guard(async () => {
      const aside = isSpool(content) ? content.path : join(await this.spoolFolder(), `save-${this.temporary++}`);
      try {
        const handle = await open(aside, isSpool(content) ? 'r+' : 'wx', 0o600);
        try {
          if (!isSpool(content)) await handle.writeFile(content);
          await handle.sync();
          await handle.chmod(0o400).catch(() => undefined); // some file systems have no modes
        } finally {
          await handle.close();
        }
        await this.move(aside, target);
      } catch (error) {
        if (!isSpool(content)) await rm(aside, { force: true }).catch(() => undefined);
        throw error;
      }
      await syncFolder(dirname(target));
    });
  }

  private async move(from: string, to: string): Promise<void> {
    try {
      await rename(from, to);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      await stat(this.root); // gone altogether: say so rather than make it anew
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      await rename(from, to);
    }
  }

  async load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    return this.guard(async () => {
      const handle = await open(this.pathOf(file), 'r');
      try {
        if (!range) return await handle.readFile();
        const bytes = Buffer.allocUnsafe(range.length);
        let done = 0;
        while (done < range.length) {
          const { bytesRead } = await handle.read(bytes, done, range.length - done, range.offset + done);
          if (bytesRead === 0) throw new HoldfastError('repository-damaged', `The file ${this.pathOf(file)} is shorter than it should be. Run check to see how much is affected.`);
          done += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    });
  }

  async stat(file: FileHandle): Promise<{ size: number }> {
    return this.guard(async () => ({ size: (await stat(this.pathOf(file))).size }));
  }

  async *list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile> {
    const base = join(this.root, kind);
    const places = kind === 'data' ? (await this.names(base)).filter((name) => hexPair.test(name)).sort().map((name) => join(base, name)) : [base];
    for (const place of places) {
      signal?.throwIfAborted();
      for (const name of await this.names(place)) {
        const size = await this.guard(() => stat(join(place, name)).then((s) => (s.isFile() ? s.size : null), (error: unknown) => {
          if (codeOf(error) === 'ENOENT') return null;
          throw error;
        }));
        if (size !== null) yield { name, size };
      }
    }
  }

  async remove(file: FileHandle): Promise<void> {
    await this.guard(() => rm(this.pathOf(file), { force: true }));
  }

  async spoolFolder(): Promise<string> {
    if (this.spool) return this.spool;
    const parent = join(this.root, 'tmp');
    const mine = join(parent, `${spoolPrefix}${process.pid}-${randomBytes(4).toString('hex')}`);
    await this.guard(async () => {
      await stat(this.root);
      // one by one: making several at once reports a read-only disk as a missing folder
      await mkdir(parent, { mode: 0o700 }).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw error;
      });
      await mkdir(mine, { mode: 0o700 });
      await removeLeftovers(parent);
    });
    this.spool = mine;
    return mine;
  }

  async discardSpool(): Promise<void> {
    if (this.spool) await rm(this.spool, { recursive: true, force: true });
    this.spool = null;
  }

  localPath(file: FileHandle): string {
    return this.pathOf(file);
  }

  async close(): Promise<void> {
    await this.discardSpool().catch(() => undefined); // on a disk that went read-only or away the first error is the one to tell
    // an empty folder is nothing to leave behind; it stays while another process uses it
    await rmdir(join(this.root, 'tmp')).catch(() => undefined);
  }

  private pathOf(file: FileHandle): string {
    if (file.kind === 'config') return join(this.root, 'config');
    return file.kind === 'data' ? join(this.root, 'data', file.name.slice(0, 2), file.name) : join(this.root, file.kind, file.name);
  }

  private async names(folder: string): Promise<string[]> {
    return this.guard(() => readdir(folder).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }));
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw localError(error, this.root);
    }
  }
}

/** Names tell whose they are, so that the leftovers of a killed process can be told from another's work. */
const spoolPrefix = `holdfast-${hostname()}-`;
const week = 7 * 24 * 3600 * 1000;

async function removeLeftovers(folder: string): Promise<void> {
  const found = (await Promise.all((await readdir(folder)).map(async (name) => {
    const path = join(folder, name);
    return { name, path, mtime: await stat(path).then(({ mtimeMs }) => mtimeMs, () => null) };
  }))).filter(({ mtime }) => mtime !== null);
  // by the disk's own clock: this computer's may be wrong, and the disk another computer's
  const now = Math.max(...found.map(({ mtime }) => mtime ?? 0));
  for (const { name, path, mtime } of found) {
    const pid = name.startsWith(spoolPrefix) ? parseInt(name.slice(spoolPrefix.length), 10) : NaN;
    const dead = !Number.isNaN(pid) && pid !== process.pid && !isAlive(pid);
    if (dead || now - (mtime ?? now) > week) await rm(path, { recursive: true, force: true });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync().catch((error: unknown) => {
      // some network file systems cannot sync a folder
      if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error;
    });
  } finally {
    await handle.close();
  }
}
