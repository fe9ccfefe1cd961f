/** restic and Holdfast in one repository at the same time; and repositories of many polynomials, in which both cut alike. */
import { readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createEngine } from '../../../main/backup/index.js';
import { Restic } from '../../helpers/restic.js';
import { bytes, describe, temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const engine = createEngine();
afterAll(async () => {
  await engine.close();
  folder.remove();
});

let count = 0;
function place(): { url: string; restic: Restic; repository: { url: string; password: string } } {
  const url = join(folder.path, `repo-${count++}`);
  return { url, restic: new Restic(url, 'pw', folder.path), repository: { url, password: 'pw' } };
}

/** A folder of which a part is the same in all of them. */
function makeSource(number: number): string {
  const source = join(folder.path, `source-${number}`);
  for (const sub of ['shared', 'own/deep']) mkdirSync(join(source, sub), { recursive: true });
  for (let i = 0; i < 60; i++) writeFileSync(join(source, 'shared', `file ${i}`), bytes(20_000 + i * 997, i, 0.5));
  writeFileSync(join(source, 'shared', 'large'), bytes(6_000_000, 1, 0.9));
  for (let i = 0; i < 40; i++) writeFileSync(join(source, 'own/deep', `file ${i}`), bytes(5000 + i * 131, 1000 * number + i, 0.7));
  writeFileSync(join(source, 'own', 'large'), bytes(4_000_000, 7000 + number, 0.9));
  return source;
}

/** Runs restic, again and again while it is told that somebody else holds the lock. */
async function patiently(restic: Restic, args: string[]): Promise<void> {
  for (;;) {
    const { code, stderr, stdout } = await restic.run(args);
    if (code === 0) return;
    if (!stderr.includes('already locked')) throw new Error(`restic ${args.join(' ')}: ${stderr}${stdout}`);
    await sleep(500 + Math.random() * 1000);
  }
}

test('backups of both in parallel, forget and prune in between: nothing is lost', async () => {
  const { url, restic, repository } = place();
  await restic.init();
  const sources = [0, 1, 2, 3].map(makeSource);
  const [a = '', b = '', c = '', d = ''] = sources;
  const waiting = { ...repository, lockTimeout: 150_000 };

  // four writers at once
  await Promise.all([
    engine.backup({ repository, paths: [a] }), restic.backup([b]), engine.backup({ repository, paths: [c] }), restic.backup([d]),
  ]);
  await restic.check();
  expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true, snapshots: 4 });

  // each forgets and prunes while the other is at work: who comes second is refused or waits
  for (const source of sources) writeFileSync(join(source, 'own', 'changing'), bytes(2_000_000, source.length, 0.9));
  const backingUp = patiently(restic, ['backup', b]);
  while (readdirSync(join(url, 'locks')).length === 0) await sleep(10);
  await Promise.all([
    backingUp, engine.backup({ repository: waiting, paths: [a] }),
    engine.forget({ repository: waiting, keep: { last: 1 }, prune: { maxUnused: '0%' } }),
  ]);
  await restic.check();
  await Promise.all([
    engine.backup({ repository: waiting, paths: [c], force: true }), engine.backup({ repository: waiting, paths: [d] }),
    patiently(restic, ['forget', '--keep-last', '1', '--prune', '--max-unused', '0']),
  ]);
  await restic.check();
  expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true });
  expect(readdirSync(join(url, 'locks'))).toEqual([]);

  const snapshots = await restic.snapshots();
  for (const [i, source] of sources.entries()) {
    const newest = snapshots.filter((s) => s.paths[0] === source).at(-1)?.id ?? '';
    const target = join(folder.path, `out-${i}`);
    if (i % 2 === 0) await restic.ok(['restore', newest, '--target', target]);
    else expect((await engine.restore({ repository, snapshot: newest, target })).errors).toEqual([]);
    expect(describe(join(target, source))).toEqual(describe(source));
  }
});

test('repositories with different polynomials: each tool takes all chunks and trees of the other', async () => {
  const source = join(folder.path, 'cut');
  mkdirSync(source);
  for (let i = 0; i < 4; i++) writeFileSync(join(source, `file ${i}`), bytes(2_500_000 + i, 40 + i, [0.1, 0.5, 0.9, 1][i]));
  writeFileSync(join(source, 'zeros'), Buffer.alloc(9_000_000));
  const polynomials = new Set<string>();
  const trees = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const { restic, repository } = place();
    if (round % 2 === 0) await restic.init();
    else await engine.init({ repository });
    polynomials.add((await engine.config({ repository })).chunker_polynomial);
    const first = round < 2 ? await restic.backup(['cut'], { cwd: folder.path }) : await engine.backup({ repository, paths: ['cut'], workingFolder: folder.path });
    const second = round < 2 ? await engine.backup({ repository, paths: ['cut'], workingFolder: folder.path, force: true }) : await restic.backup(['cut'], { cwd: folder.path, args: ['--force'] });
    expect(first.data_blobs).toBeGreaterThan(5);
    expect(second).toMatchObject({ data_blobs: 0, tree_blobs: 0 });
    const found = new Set((await restic.snapshots()).map((s) => s.tree));
    expect(found.size).toBe(1);
    for (const tree of found) trees.add(tree);
  }
  expect(polynomials.size).toBe(4);
  expect(trees.size).toBe(4); // other cuts give other trees

  // restic takes our polynomial along, and we take restic's
  const { restic, repository } = place();
  const from = { url: join(folder.path, `repo-${count - 2}`), password: 'pw' };
  await restic.ok(['init', '--copy-chunker-params', '--from-repo', from.url], { env: { RESTIC_FROM_PASSWORD: 'pw' } });
  expect((await engine.config({ repository })).chunker_polynomial).toBe((await engine.config({ repository: from })).chunker_polynomial);
  const ours = await engine.backup({ repository, paths: ['cut'], workingFolder: folder.path });
  expect(trees).toContain(ours.tree_id);
});
