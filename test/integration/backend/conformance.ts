/** What every backend must do, told once. Each backend's own test file runs these against a real server (or folder). */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Backend, FileHandle, FileKind } from '../../../main/backup/backend/backend.js';
import { HoldfastError } from '../../../main/shared/errors.js';

export interface Subject {
  /** Opens the same empty place each time it is called. */
  open(): Backend | Promise<Backend>;
  /** A place where nothing is: not even the folder, the bucket or the like. */
  openNowhere?(): Backend | Promise<Backend>;
}

export interface ConformanceOptions {
  /** False where a file once written cannot be changed by design (append-only servers). */
  readonly canReplace?: boolean;
  /** False where nothing but locks can be removed by design; `fresh` then gives each test an empty place. */
  readonly canRemove?: boolean;
  /** Called before each test: from now on `open` opens another place, where nothing is yet. */
  readonly fresh?: () => Promise<void>;
}

const kinds: readonly Exclude<FileKind, 'config'>[] = ['keys', 'locks', 'snapshots', 'index', 'data'];
export const idOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A file with random content under the name that content has. */
export function sample(kind: FileKind, size: number): { file: FileHandle; content: Buffer } {
  const content = randomBytes(size);
  return { file: { kind, name: kind === 'config' ? '' : idOf(content) }, content };
}

export async function listed(backend: Backend, kind: FileKind): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const { name, size } of backend.list(kind)) {
    expect(found.has(name), `${name} is listed twice`).toBe(false);
    found.set(name, size);
  }
  return found;
}

/** The code of the HoldfastError that the promise must reject with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await failure(promise);
  return error.code;
}

export async function failure(promise: Promise<unknown>): Promise<HoldfastError> {
  const outcome = await promise.then(() => null, (error: unknown) => error);
  expect(outcome, String(outcome)).toBeInstanceOf(HoldfastError);
  if (!(outcome instanceof HoldfastError)) throw new Error('unreachable');
  expect(outcome.message, 'one or two sentences').toMatch(/^[A-Z"/].*[.!]$/s);
  expect(outcome.message).not.toMatch(/\n|undefined|\[object|\bat .*:\d+:\d+/);
  return outcome;
}

export function conformance(name: string, subject: Subject, options: ConformanceOptions = {}): void {
  const canReplace = options.canReplace ?? true;
  const canRemove = options.canRemove ?? true;

  describe(`${name} as a backend`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await subject.open();
      await backend.create();
    });
    afterAll(() => backend.close());
    const { fresh } = options;
    if (fresh) beforeEach(async () => {
      await backend.close();
      await fresh();
      backend = await subject.open();
      await backend.create();
    });
    /** Removes the file, or sees that it is refused and that the file stays. @returns whether it is gone */
    const remove = async (file: FileHandle): Promise<boolean> => {
      if (canRemove || file.kind === 'locks') {
        await backend.remove(file);
        return true;
      }
      const before = await backend.stat(file);
      expect(await failure(backend.remove(file))).toMatchObject({ code: 'permission-denied', retryable: false });
      expect(await backend.stat(file)).toEqual(before);
      return false;
    };

    it('begins empty, says so for each kind, and making it again is no error', async () => {
      await backend.create();
      for (const kind of kinds) expect(await listed(backend, kind)).toEqual(new Map());
      expect(await codeOf(backend.stat({ kind: 'config', name: '' }))).toBe('not-found');
      expect(await codeOf(backend.load({ kind: 'config', name: '' }))).toBe('not-found');
    });

    it('gives back what was saved: whole, in ranges, its size and its name', async () => {
      for (const kind of kinds) {
        const { file, content } = sample(kind, 70_001);
        await backend.save(file, content);
        expect(await backend.stat(file)).toEqual({ size: content.length });
        expect((await backend.load(file)).equals(content)).toBe(true);
        for (const [offset, length] of [[0, 1], [0, 70_001], [70_000, 1], [33_333, 20_000], [12, 0]] as const) {
          const part = await backend.load(file, { offset, length });
          expect(part.equals(content.subarray(offset, offset + length)), `${offset}+${length}`).toBe(true);
        }
        expect(await listed(backend, kind)).toEqual(new Map([[file.name, content.length]]));
        if (await remove(file)) expect(await listed(backend, kind)).toEqual(new Map());
      }
    });

    it('keeps the config file, and lists it nowhere', async () => {
      const { file, content } = sample('config', 155);
      await backend.save(file, content);
      expect((await backend.load(file)).equals(content)).toBe(true);
      expect(await backend.stat(file)).toEqual({ size: 155 });
      for (const kind of kinds) expect(await listed(backend, kind)).toEqual(new Map());
      if (await remove(file)) expect(await codeOf(backend.stat(file))).toBe('not-found');
    });

    it('saves empty files', async () => {
      const { file, content } = sample('index', 0);
      await backend.save(file, content);
      expect(await backend.stat(file)).toEqual({ size: 0 });
      expect((await backend.load(file)).length).toBe(0);
      expect(await listed(backend, 'index')).toEqual(new Map([[file.name, 0]]));
      await remove(file);
    });

    it('says `not-found`, which is not retryable, for what is missing, and removing it is no error', async () => {
      const { file } = sample('data', 10);
      for (const ask of [() => backend.stat(file), () => backend.load(file), () => backend.load(file, { offset: 0, length: 5 })]) {
        const error = await failure(ask());
        expect(error.code).toBe('not-found');
        expect(error.retryable).toBe(false);
      }
      if (canRemove) await backend.remove(file);
      const { file: lock } = sample('locks', 10);
      await backend.remove(lock);
    });

    it('refuses a range behind the end instead of giving less', async () => {
      const { file, content } = sample('data', 1000);
      await backend.save(file, content);
      for (const range of [{ offset: 900, length: 200 }, { offset: 1000, length: 1 }, { offset: 5000, length: 10 }]) {
        const error = await failure(backend.load(file, range));
        expect(error.code).toBe('repository-damaged');
        expect(error.retryable).toBe(false);
      }
      await remove(file);
    });

    if (canReplace) it('replaces a file that is there', async () => {
      const { file, content } = sample('config', 300);
      await backend.save(file, randomBytes(500));
      await backend.save(file, content);
      expect((await backend.load(file)).equals(content)).toBe(true);
      await remove(file);
    });

    it('takes the same file twice: a repeated upload is no error', async () => {
      const { file, content } = sample('snapshots', 400);
      await backend.save(file, content);
      await backend.save(file, content);
      expect((await backend.load(file)).equals(content)).toBe(true);
      await remove(file);
    });

    it('saves from a spool file, which is gone afterwards, and large files', async () => {
      const { file, content } = sample('data', 18 * 2 ** 20 + 7);
      const spool = path.join(await backend.spoolFolder(), `conformance-${process.pid}.tmp`);
      await writeFile(spool, content);
      await backend.save(file, { path: spool, size: content.length });
      await expect(writeFile(spool, '', { flag: 'r+' })).rejects.toThrow(/ENOENT/);
      expect(await backend.stat(file)).toEqual({ size: content.length });
      expect((await backend.load(file)).equals(content)).toBe(true);
      const tail = await backend.load(file, { offset: content.length - 100, length: 100 });
      expect(tail.equals(content.subarray(-100))).toBe(true);
      const local = backend.localPath(file);
      if (local !== null) expect(path.isAbsolute(local)).toBe(true);
      await remove(file);
    });

    it('does many things at once', async () => {
      const files = Array.from({ length: 60 }, (_, i) => sample('data', 1 + i * 997));
      await Promise.all(files.map(({ file, content }) => backend.save(file, content)));
      expect(await listed(backend, 'data')).toEqual(new Map(files.map(({ file, content }) => [file.name, content.length])));
      const loaded = await Promise.all(files.map(({ file }) => backend.load(file)));
      for (const [i, bytes] of loaded.entries()) expect(bytes.equals(files[i]!.content)).toBe(true);
      const gone = await Promise.all(files.map(({ file }) => remove(file)));
      expect(await listed(backend, 'data')).toEqual(new Map(files.filter((_, i) => !gone[i]).map(({ file, content }) => [file.name, content.length])));
    });

    it('stops when asked: before it starts, and a listing in its middle', async () => {
      const { file, content } = sample('index', 100);
      const gone = AbortSignal.abort();
      for (const ask of [() => backend.save(file, content, gone), () => backend.load(file, undefined, gone)]) {
        await expect(ask()).rejects.toThrow(/abort/i);
      }
      expect(await codeOf(backend.stat(file))).toBe('not-found');
      const others = [sample('index', 5), sample('index', 6)];
      for (const other of others) await backend.save(other.file, other.content);
      const seen: string[] = [];
      for await (const { name: found } of backend.list('index')) {
        seen.push(found);
        break;
      }
      expect(seen).toHaveLength(1);
      for (const other of others) await remove(other.file);
    });

    it('can be opened by a second one, which sees the same, and used again after closing', async () => {
      const { file, content } = sample('snapshots', 333);
      await backend.save(file, content);
      const second = await subject.open();
      expect((await second.load(file)).equals(content)).toBe(true);
      if (canRemove) await second.remove(file);
      await second.close();
      await second.close();
      if (canRemove) expect(await codeOf(backend.load(file))).toBe('not-found');
      else expect((await backend.load(file)).equals(content)).toBe(true);
    });

    const { openNowhere } = subject;
    if (openNowhere) it('says `not-found` for the config of a place that is not there', async () => {
      const nowhere = await openNowhere();
      const code = await codeOf(nowhere.stat({ kind: 'config', name: '' }));
      expect(['not-found', 'destination-missing']).toContain(code);
      await nowhere.close();
    });
  });
}
