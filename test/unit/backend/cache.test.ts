import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Backend, FileHandle } from '../../../main/backup/backend/backend.js';
import { CacheBackend } from '../../../main/backup/backend/decorators/cache.js';
import { Decorator } from '../../../main/backup/backend/decorators/decorator.js';
import { LocalBackend } from '../../../main/backup/backend/local.js';

/** Counts what reaches the real place. */
class Counting extends Decorator {
  readonly calls: string[] = [];
  override load(file: FileHandle, range?: { offset: number; length: number }): Promise<Buffer> {
    this.calls.push(`load ${file.kind}${range ? ' part' : ''}`);
    return this.inner.load(file, range);
  }
  override stat(file: FileHandle): Promise<{ size: number }> {
    this.calls.push(`stat ${file.kind}`);
    return this.inner.stat(file);
  }
}

const handle = (kind: FileHandle['kind'], content: Buffer, metadata = false): FileHandle => ({ kind, name: createHash('sha256').update(content).digest('hex'), metadata });
const trees = Buffer.from('trees '.repeat(1000));
const snapshot = Buffer.from('a snapshot');

async function world(): Promise<{ far: Backend; counted: Counting; cached: () => CacheBackend; folder: string }> {
  const root = mkdtempSync(path.join(tmpdir(), 'holdfast-cache-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const far = new LocalBackend(path.join(root, 'far'));
  await far.create();
  const counted = new Counting(far);
  const folder = path.join(root, 'cache');
  return { far, counted, folder, cached: () => new CacheBackend(counted, folder) };
}

it('keeps keys, indexes, snapshots and packs of trees; not packs of data', async () => {
  const { far, counted, cached } = await world();
  const files: [FileHandle, Buffer][] = [
    [handle('snapshots', snapshot), snapshot], [handle('index', trees), trees], [handle('data', trees, true), trees], [handle('data', snapshot), snapshot], [handle('keys', snapshot), snapshot],
  ];
  for (const [file, content] of files) await far.save(file, content);
  for (const cache of [cached(), cached()]) {
    for (const [file, content] of files) expect((await cache.load(file)).equals(content)).toBe(true);
  }
  expect(counted.calls).toEqual(['load snapshots', 'load index', 'load data', 'load data', 'load keys', 'load data']);
});

it('fetches a pack of trees once, whole, however many want parts of it, and answers for its size', async () => {
  const { far, counted, cached } = await world();
  const file = handle('data', trees, true);
  await far.save(file, trees);
  const cache = cached();
  const parts = await Promise.all([0, 600, 1200].map((offset) => cache.load(file, { offset, length: 600 })));
  expect(Buffer.concat(parts).equals(trees.subarray(0, 1800))).toBe(true);
  expect((await cache.load(file, { offset: 5400, length: 600 })).equals(trees.subarray(5400))).toBe(true);
  expect(await cache.stat(file)).toEqual({ size: 6000 });
  expect(counted.calls).toEqual(['load data']);
  await expect(cache.load(file, { offset: 5900, length: 600 })).rejects.toMatchObject({ code: 'repository-damaged' });
});

it('keeps what is saved, also from a spool file, privately', async () => {
  const { counted, cached, folder } = await world();
  const cache = cached();
  const spool = path.join(await cache.spoolFolder(), 'spool');
  writeFileSync(spool, trees);
  const pack = handle('data', trees, true);
  await cache.save(pack, { path: spool, size: trees.length });
  await cache.save(handle('snapshots', snapshot), snapshot);
  expect((await cache.load(pack)).equals(trees)).toBe(true);
  expect((await cached().load(handle('snapshots', snapshot))).equals(snapshot)).toBe(true);
  expect(counted.calls).toEqual([]);
  expect(statSync(folder).mode & 0o077).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['data', 'snapshots']);
});

it('notices damage in what it kept, and forgets what is gone from the repository', async () => {
  const { far, counted, cached, folder } = await world();
  const file = handle('snapshots', snapshot);
  await far.save(file, snapshot);
  await cached().load(file);
  writeFileSync(path.join(folder, 'snapshots', file.name), 'something else');
  expect((await cached().load(file)).equals(snapshot)).toBe(true);
  expect(counted.calls).toEqual(['load snapshots', 'load snapshots']);
  await far.remove(file);
  const cache = cached();
  for await (const found of cache.list('snapshots')) expect(found).toBe(undefined);
  expect(readdirSync(path.join(folder, 'snapshots'))).toEqual([]);
  await expect(cache.load(file)).rejects.toMatchObject({ code: 'not-found' });
});

it('does without when it cannot write, and says so once', async () => {
  const { far, counted, folder } = await world();
  writeFileSync(folder, 'a file where the folder should be');
  chmodSync(folder, 0o400);
  const told: string[] = [];
  const cache = new CacheBackend(counted, folder, (text) => told.push(text));
  const file = handle('index', trees);
  await cache.save(file, trees);
  for (let i = 0; i < 2; i++) expect((await cache.load(file)).equals(trees)).toBe(true);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^The cache in .* cannot be written/);
  await far.close();
});
