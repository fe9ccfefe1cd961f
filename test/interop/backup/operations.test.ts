/** Every operation that changes a repository leaves one that restic finds whole. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createEngine } from '../../../main/backup/index.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { Restic } from '../../helpers/restic.js';
import { bytes, describe, temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const engine = createEngine();
afterAll(async () => {
  await engine.close();
  folder.remove();
});

let count = 0;
async function place(): Promise<{ url: string; source: string; restic: Restic; repository: { url: string; password: string } }> {
  const url = join(folder.path, `repo-${count}`);
  const source = join(folder.path, `source-${count++}`);
  mkdirSync(join(source, 'sub'), { recursive: true });
  const repository = { url, password: 'pw' };
  await engine.init({ repository });
  await makeKeyCheap(repository.url, repository.password);
  return { url, source, restic: new Restic(url, 'pw', folder.path), repository };
}

test('forget by rules as restic does, then prune, in turns', async () => {
  const { source, restic, repository } = await place();
  for (let day = 1; day <= 12; day++) {
    writeFileSync(join(source, 'sub', `file ${day}`), bytes(300_000, day, 0.8));
    if (day > 3) rmSync(join(source, 'sub', `file ${day - 3}`));
    await engine.backup({ repository, paths: [source], time: `2026-01-${String(day).padStart(2, '0')}T12:00:00Z`, tags: day % 2 ? ['odd'] : [] });
  }
  const theirs = JSON.parse(await restic.ok(['forget', '--dry-run', '--json', '--keep-daily', '3', '--keep-weekly', '2', '--keep-tag', 'odd']));
  const ours = await engine.forget({ repository, keep: { daily: 3, weekly: 2, tags: ['odd'] }, dryRun: true });
  expect(ours.groups[0]?.keep.map((s) => s.id).sort()).toEqual(theirs[0].keep.map((s: { id: string }) => s.id).sort());

  await expect(engine.forget({ repository, keep: {} })).rejects.toMatchObject({ code: 'usage' });
  const done = await engine.forget({ repository, keep: { last: 4 }, prune: { maxUnused: '0%' } });
  expect(done.removed).toHaveLength(8);
  expect(done.prune?.bytes_freed).toBeGreaterThan(500_000);
  await restic.check();
  expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true, hints: [] });
  expect((await engine.prune({ repository })).packs_removed).toBe(0);

  await restic.ok(['forget', '--keep-last', '2', '--prune', '--max-unused', '0']);
  expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true });
  await engine.backup({ repository, paths: [source] });
  await restic.check();
  const target = join(folder.path, 'out-forget');
  await restic.ok(['restore', 'latest', '--target', target]);
  expect(describe(join(target, source))).toEqual(describe(source));
});

test('keys: restic opens with a password that was added or changed here', async () => {
  const { restic, repository, url } = await place();
  const added = await engine.keyAdd({ repository, newPassword: 'second', user: 'u', host: 'h' });
  await restic.ok(['snapshots'], { env: { RESTIC_PASSWORD: 'second' } });
  expect((await engine.keyList({ repository })).map((key) => [key.userName, key.current])).toEqual(expect.arrayContaining([['u', false]]));
  await expect(engine.keyRemove({ repository: { url, password: 'second' }, id: added.id })).rejects.toMatchObject({ code: 'usage' });
  await engine.keyRemove({ repository, id: added.id.slice(0, 8) });
  expect((await restic.run(['snapshots'], { env: { RESTIC_PASSWORD: 'second' } })).code).not.toBe(0);
  await engine.keyPasswd({ repository, newPassword: 'third' });
  await expect(engine.snapshots({ repository })).rejects.toMatchObject({ code: 'wrong-password' });
  await restic.ok(['check'], { env: { RESTIC_PASSWORD: 'third' } });
});

test('copy to a repository with the same polynomial, and from one of restic', async () => {
  const a = await place();
  writeFileSync(join(a.source, 'file'), bytes(2_500_000, 3));
  await engine.backup({ repository: a.repository, paths: [a.source] });
  const url = join(folder.path, 'copy');
  const repository = { url, password: 'other' };
  await engine.init({ repository, copyChunkerFrom: a.repository });
  const copied = await engine.copy({ repository, from: a.repository });
  expect(copied.copied).toHaveLength(1);
  expect((await engine.copy({ repository, from: a.repository })).skipped).toHaveLength(1);
  await new Restic(url, 'other', folder.path).check();
  expect((await engine.backup({ repository, paths: [a.source] })).data_blobs).toBe(0);
});

test('tag, unlock, stats and repair index', async () => {
  const { url, source, restic, repository } = await place();
  writeFileSync(join(source, 'file'), bytes(900_000, 4));
  await engine.backup({ repository, paths: [source] });
  await engine.tag({ repository, add: ['x,y'] });
  await restic.ok(['tag', '--remove', 'x']);
  expect((await engine.snapshots({ repository }))[0]?.tags).toEqual(['y']);

  const raw = JSON.parse(await restic.ok(['stats', '--json', '--mode', 'raw-data']));
  expect((await engine.stats({ repository, mode: 'raw-data' })).total_size).toBe(raw.total_size);
  for (const mode of ['restore-size', 'files-by-contents', 'blobs-per-file'] as const) {
    const theirs = JSON.parse(await restic.ok(['stats', '--json', '--mode', mode]));
    expect((await engine.stats({ repository, mode })).total_size).toBe(theirs.total_size);
  }

  for (const name of readdirSync(join(url, 'index'))) rmSync(join(url, 'index', name));
  expect((await engine.check({ repository })).ok).toBe(false);
  const repaired = await engine.repairIndex({ repository });
  expect(repaired).toMatchObject({ packs_read: repaired.packs, damaged_packs: [] });
  await restic.check();

  // a lock of a process that is gone is removed; one that lives is respected
  expect(await engine.unlock({ repository })).toEqual({ removed: 0, remaining: 0 });
});

test('a stream becomes a file, and a file or a folder comes out as a stream', async () => {
  const { source, restic, repository } = await place();
  const content = bytes(3_000_000, 5);
  async function* input(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < content.length; at += 70_001) yield content.subarray(at, at + 70_001);
  }
  await engine.backup({ repository, paths: [], stdin: { name: 'dumps/db.sql' } }, { input: input() });
  const pieces: Uint8Array[] = [];
  await engine.dump({ repository, snapshot: 'latest', path: '/dumps/db.sql' }, { output: (piece) => { pieces.push(piece); } });
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
  await restic.ok(['dump', 'latest', '/dumps/db.sql', '--quiet']);
  await restic.check();
  // the same bytes from a file are the same blobs
  writeFileSync(join(source, 'db.sql'), content);
  writeFileSync(join(source, 'sub', 'a rather long name that goes on and on so that it does not fit into one hundred bytes with its folder ü.txt'), 'x');
  expect((await engine.backup({ repository, paths: [source] })).data_blobs).toBe(1);

  for (const archive of ['tar', 'zip'] as const) {
    const out: Uint8Array[] = [];
    await engine.dump({ repository, snapshot: 'latest', path: source, archive }, { output: (piece) => { out.push(piece); } });
    const file = join(folder.path, `dump.${archive}`);
    writeFileSync(file, Buffer.concat(out));
    const target = join(folder.path, `from-${archive}`);
    mkdirSync(target);
    if (archive === 'tar') execFileSync('tar', ['-xpf', file, '-C', target]);
    else execFileSync('python3', ['-c', 'import sys,zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])', file, target]);
    expect(readFileSync(join(target, source, 'db.sql')).equals(content)).toBe(true);
    if (archive === 'tar') expect(describe(join(target, source, 'sub'))).toEqual(describe(join(source, 'sub')));
  }
});

test('find and diff see what changed', async () => {
  const { source, repository } = await place();
  writeFileSync(join(source, 'kept'), 'same');
  writeFileSync(join(source, 'changed'), 'one');
  writeFileSync(join(source, 'gone'), 'bye');
  const first = await engine.backup({ repository, paths: [source] });
  writeFileSync(join(source, 'changed'), 'two!');
  rmSync(join(source, 'gone'));
  writeFileSync(join(source, 'sub', 'new'), 'hello');
  const second = await engine.backup({ repository, paths: [source] });
  expect(second).toMatchObject({ files_new: 1, files_changed: 1, files_unmodified: 1, parent_id: first.snapshot_id });
  const diff = await engine.diff({ repository, from: first.snapshot_id ?? '', to: second.snapshot_id ?? '' });
  expect(diff.changes.map((c) => `${c.modifier} ${c.path.slice(source.length)}`)).toEqual(['M /changed', '- /gone', '+ /sub/new']);
  const found = await engine.find({ repository, patterns: ['changed'] });
  expect(found.matches.map((m) => m.matches.map((e) => e.size))).toEqual([[4], [3]]);
});
