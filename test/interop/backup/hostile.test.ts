/**
 * Repositories made by somebody who has the password and means ill: every operation ends, in a sentence that names the file, within the
 * memory of a usual run, and what was not touched stays restorable.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, openSync, ftruncateSync, closeSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalBackend } from '../../../main/backup/backend/local.js';
import { encodeHeader, type PackedBlob } from '../../../main/backup/format/pack-header.js';
import { hashOf } from '../../../main/backup/format/id.js';
import { createLocalEngine } from '../../../main/backup/index.js';
import { openRepository, type Repository } from '../../../main/backup/repository/repository.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { bytes, temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const base = join(folder.path, 'base');
const source = join(folder.path, 'source');
const engine = createLocalEngine();
let good = '';

beforeAll(async () => {
  mkdirSync(source);
  for (let i = 0; i < 5; i++) writeFileSync(join(source, `file ${i}`), bytes(50_000, i, 0.9));
  const repository = { url: base, password: 'pw' };
  await engine.init({ repository });
  await makeKeyCheap(base, 'pw');
  good = (await engine.backup({ repository, paths: ['.'], workingFolder: source, time: '2026-01-01T00:00:00Z' })).snapshot_id ?? '';
});
afterAll(() => { folder.remove(); });

/** A zstd frame of `size` equal bytes, 128 KiB to four bytes. @param claim what its header says, if anything */
function bomb(size: number, claim: bigint | null, byte = 0x20): Buffer {
  const head = Buffer.alloc(claim === null ? 6 : 14);
  head.writeUInt32LE(0xfd2fb528);
  head[4] = claim === null ? 0 : 0xc0;
  head[5] = 0x58; // window of 2 MiB
  if (claim !== null) head.writeBigUInt64LE(claim, 6);
  const count = Math.ceil(size / 131072);
  const blocks = Buffer.alloc(count * 4, Buffer.from([2, 0, 16, byte])); // RLE of 128 KiB
  blocks[(count - 1) * 4] = 3;
  return Buffer.concat([head, blocks]);
}

type Attack = (repository: Repository, url: string) => Promise<unknown>;
const gigabytes = 4 * 1024 ** 3;
const id = (digit: string): string => digit.repeat(64);
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const deep = (text: string, levels = 200_000): string => `${'['.repeat(levels)}${text}${']'.repeat(levels)}`;

async function put(repository: Repository, kind: 'index' | 'snapshots' | 'locks', plain: Uint8Array): Promise<void> {
  const sealed = repository.sealer.seal(plain);
  await repository.backend.save({ kind, name: hashOf(sealed) }, sealed);
}
const file = (kind: 'index' | 'snapshots' | 'locks', plain: Uint8Array): Attack => (repository) => put(repository, kind, plain);
const compressed = (frame: Buffer): Buffer => Buffer.concat([Buffer.from([2]), frame]);
const snapshotOf = (tree: string, more: object = {}): Buffer => json({ time: '2026-02-02T00:00:00Z', tree, paths: ['/x'], hostname: 'h', ...more });

/** Puts a tree into a pack and an index, as somebody would who writes the format, and a snapshot of it. @param lie what the index says instead */
const tree = (plain: Buffer, frame: Buffer | null, lie: Partial<PackedBlob> = {}): Attack => async (repository) => {
  const sealed = repository.sealer.seal(frame ?? plain);
  const blob: PackedBlob = { id: hashOf(plain), type: 'tree', offset: 0, length: sealed.length, uncompressedLength: 0, ...lie };
  const header = repository.sealer.seal(encodeHeader([{ ...blob, length: sealed.length }]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const pack = Buffer.concat([sealed, header, length]);
  await repository.backend.save({ kind: 'data', name: hashOf(pack) }, pack);
  await put(repository, 'index', json({ packs: [{ id: hashOf(pack), blobs: [{ id: blob.id, type: 'tree', offset: blob.offset, length: blob.length, ...(blob.uncompressedLength ? { uncompressed_length: blob.uncompressedLength } : {}) }] }] }));
  await put(repository, 'snapshots', snapshotOf(blob.id));
};
const node = (more: object): Buffer => json({ nodes: [{ name: 'n', type: 'file', mode: 420, mtime: '2026-01-01T00:00:00Z', atime: '2026-01-01T00:00:00Z', ctime: '2026-01-01T00:00:00Z', uid: 0, gid: 0, content: [], ...more }] });
const indexWith = (blob: object): Attack => async (repository, url) => {
  const [pack = ''] = readdirSync(join(url, 'data'), { recursive: true, encoding: 'utf8' }).filter((name) => name.length > 60).map((name) => name.slice(3));
  await put(repository, 'index', json({ packs: [{ id: pack, blobs: [{ id: id('e'), type: 'data', offset: 0, length: 100, ...blob }] }] }));
};
const sparse = (path: string): Attack => (_, url) => {
  const target = join(url, path);
  const descriptor = openSync(target, 'w');
  ftruncateSync(descriptor, 3 * 1024 ** 3);
  closeSync(descriptor);
  return Promise.resolve();
};
const key = (more: object): Attack => async (repository, url) => {
  const [name = ''] = readdirSync(join(url, 'keys'));
  const content = json({ ...JSON.parse(readFileSync(join(url, 'keys', name), 'utf8')), ...more });
  await repository.backend.remove({ kind: 'keys', name });
  await repository.backend.save({ kind: 'keys', name: hashOf(content) }, content);
};

/** What is done, the name of what is at fault in the words of a message, and whether the good snapshot can be restored all the same. */
const attacks: [string, Attack, RegExp, 'restores' | 'refuses'][] = [
  ['an index that becomes 4 GiB', file('index', compressed(bomb(gigabytes, null))), /index [0-9a-f]{8}/i, 'refuses'],
  ['an index that says it becomes 4 GiB', file('index', compressed(bomb(gigabytes, BigInt(gigabytes)))), /index [0-9a-f]{8}/i, 'refuses'],
  ['an index that says it becomes 2^63', file('index', compressed(bomb(1000, 2n ** 63n))), /index [0-9a-f]{8}/i, 'refuses'],
  ['an index that becomes less than it says', file('index', compressed(bomb(131072, 60_000_000n))), /index [0-9a-f]{8}/i, 'refuses'],
  ['a snapshot that becomes 4 GiB', file('snapshots', compressed(bomb(gigabytes, null))), /snapshot [0-9a-f]{8}/i, 'restores'],
  ['a lock that becomes 4 GiB', file('locks', compressed(bomb(gigabytes, null))), /lock [0-9a-f]{8}/i, 'refuses'],
  ['a tree that becomes 4 GiB', tree(Buffer.from('x'), bomb(gigabytes, null), { uncompressedLength: 0xffffffff }), /tree|blob/i, 'restores'],
  ['a tree that becomes 2 GiB of blanks', tree(Buffer.from('x'), bomb(2 ** 31, 2n ** 31n), { uncompressedLength: 2 ** 31 }), /tree|blob/i, 'restores'],
  ['an index of a kind nobody knows', file('index', Buffer.from([9, 9, 9])), /index [0-9a-f]{8}/i, 'refuses'],
  ['an index nested 200,000 deep', file('index', Buffer.from(`{"packs":${deep('1')}}`)), /index [0-9a-f]{8}/i, 'refuses'],
  ['a snapshot nested 200,000 deep', file('snapshots', Buffer.from(`{"time":"2026-01-01T00:00:00Z","tree":"${id('a')}","paths":${deep('1')}}`)), /snapshot [0-9a-f]{8}/i, 'restores'],
  ['a tree nested 200,000 deep', tree(Buffer.from(node({}).toString().replace('"name"', `"generic_attributes":${deep('1')},"name"`)), null), /tree [0-9a-f]{8}/i, 'restores'],
  ['a snapshot without a time', file('snapshots', snapshotOf(id('a'), { time: 'yesterday' })), /snapshot [0-9a-f]{8}/i, 'restores'],
  ['a snapshot of a tree that is not there', file('snapshots', snapshotOf(id('a'))), /tree aaaaaaaa/, 'restores'],
  ['an offset beyond the pack', indexWith({ offset: 0xfffffff0 }), /pack [0-9a-f]{8}/i, 'restores'],
  ['a length beyond the pack', indexWith({ length: 0xffffffff }), /pack [0-9a-f]{8}/i, 'restores'],
  ['a length of nothing', indexWith({ length: 0 }), /pack [0-9a-f]{8}/i, 'restores'],
  ['a negative offset', indexWith({ offset: -1 }), /index [0-9a-f]{8}/i, 'refuses'],
  ['an offset that is huge', indexWith({ offset: 1e300 }), /index [0-9a-f]{8}/i, 'refuses'],
  ['a length that is no whole number', indexWith({ length: 1.5 }), /index [0-9a-f]{8}/i, 'refuses'],
  ['a length that is text', indexWith({ length: '100' }), /index [0-9a-f]{8}/i, 'refuses'],
  ['a type nobody knows', indexWith({ type: 'evil' }), /index [0-9a-f]{8}/i, 'refuses'],
  ['a tree blob outside of its pack', tree(node({}), null, { offset: 4_000_000_000 }), /pack [0-9a-f]{8}|tree/i, 'restores'],
  ['a file of 10^300 bytes', tree(node({ size: 1e300, content: [id('b')] }), null), /data blob bbbbbbbb/i, 'restores'],
  ['a file whose parts are less than its size', tree(node({ size: 1e15, content: [] }), null), /tree [0-9a-f]{8}/i, 'restores'],
  ['a negative size', tree(node({ size: -1 }), null), /tree [0-9a-f]{8}/i, 'restores'],
  ['an index file of 3 GiB', sparse(`index/${id('c')}`), /index cccccccc/i, 'refuses'],
  ['a snapshot file of 3 GiB', sparse(`snapshots/${id('c')}`), /snapshot cccccccc/i, 'restores'],
  ['a lock file of 3 GiB', sparse(`locks/${id('c')}`), /lock cccccccc/i, 'refuses'],
  ['a config file of 3 GiB', async (repository, url) => { chmodSync(join(url, 'config'), 0o600); await sparse('config')(repository, url); }, /config/i, 'refuses'],
  ['scrypt with N = 2^40', key({ N: 2 ** 40 }), /key [0-9a-f]{8}/i, 'refuses'],
  ['scrypt with N = 3', key({ N: 3 }), /key [0-9a-f]{8}/i, 'refuses'],
  ['scrypt with r = 2^30', key({ r: 2 ** 30 }), /key [0-9a-f]{8}/i, 'refuses'],
  ['scrypt with p = 2^30', key({ p: 2 ** 30 }), /key [0-9a-f]{8}/i, 'refuses'],
  ['scrypt with N = 10^300', key({ N: 1e300 }), /key [0-9a-f]{8}/i, 'refuses'],
  ['a kdf nobody knows', key({ kdf: 'rot13' }), /key [0-9a-f]{8}/i, 'refuses'],
];

test('hostile repositories', { timeout: 170_000 }, async () => {
  const jobs: { name: string; url: string; target: string }[] = [];
  for (const [i, [name, attack]] of attacks.entries()) {
    const url = join(folder.path, `repo-${i}`);
    cpSync(base, url, { recursive: true });
    const backend = new LocalBackend(url);
    await attack(await openRepository(backend, 'pw'), url);
    await backend.close();
    jobs.push({ name, url, target: join(folder.path, `out-${i}`) });
  }
  const script = `
    import { createLocalEngine } from ${JSON.stringify(new URL('../../../out/main/backup/index.js', import.meta.url).href)};
    const engine = createLocalEngine();
    const outcome = (work) => work.then((value) => ({ value }), (error) => ({ error: { name: error.name, code: error.code, message: error.message } }));
    const results = [];
    const one = async ({ url, target }, i) => {
      const repository = { url, password: 'pw' };
      results[i] = {
        check: await outcome(engine.check({ repository, readData: true })),
        restore: await outcome(engine.restore({ repository, snapshot: ${JSON.stringify(good)}, target })),
        latest: await outcome(engine.restore({ repository, snapshot: 'latest', target: target + '-latest' })),
        backup: await outcome(engine.backup({ repository, paths: ['.'], workingFolder: ${JSON.stringify(source)} })),
      };
    };
    const jobs = JSON.parse(process.argv[1]).entries();
    await Promise.all(Array.from({ length: 5 }, async () => { for (const [i, job] of jobs) await one(job, i); }));
    process.stdout.write(JSON.stringify({ results, memory: process.resourceUsage().maxRSS / 1024 }));`;
  const { results, memory } = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(jobs)], { encoding: 'utf8', maxBuffer: 1e8, timeout: 160_000 }));

  for (const [i, [name, , fault, rest]] of attacks.entries()) {
    const { check, restore, latest, backup } = results[i];
    const said = check.error ? check.error.message : check.value.errors.map((e: { file: string; message: string }) => `${e.file}: ${e.message}`).join('\n');
    expect([name, 'check', check.error?.code ?? check.value.ok, said]).toEqual([name, 'check', expect.toSatisfy((v) => v === false || v === 'repository-damaged' || v === 'repository-version'), expect.stringMatching(fault)]);
    for (const { error } of [check, restore, latest, backup]) {
      if (!error) continue;
      expect([name, error.name, error.code]).toEqual([name, 'HoldfastError', expect.stringMatching(/^(repository-damaged|repository-version|not-found)$/)]);
      expect(error.message).not.toMatch(/\n|undefined|NaN|\[object/);
    }
    expect([name, restore.error ? 'refuses' : restore.value.error_count === 0 ? 'restores' : 'loses']).toEqual([name, rest]);
    if (rest === 'restores') expect(readFileSync(join(jobs[i]?.target ?? '', 'file 3')).equals(readFileSync(join(source, 'file 3')))).toBe(true);
  }
  expect(memory).toBeLessThan(500); // MiB, after all of them in one process
});
