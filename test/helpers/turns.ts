/** Every operation that writes, restic and Holdfast in turns on one repository; after each one restic reads every byte and finds no fault. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Engine } from '../../main/backup/index.js';
import { Restic } from './restic.js';
import { bytes, describe } from './trees.js';

/** @param folder an empty one, in which repositories and sources are made */
export async function everyOperationInTurns(engine: Engine, folder: string, version: 1 | 2): Promise<void> {
  const url = join(folder, 'repo');
  const source = join(folder, 'source');
  mkdirSync(join(source, 'sub'), { recursive: true });
  let password = 'pw';
  const repository = (): { url: string; password: string } => ({ url, password });
  const restic = (): Restic => new Restic(url, password, folder);
  const change = (turn: number): void => {
    for (let i = 0; i < 6; i++) writeFileSync(join(source, 'sub', `file ${turn}-${i}`), bytes(400_000, turn * 10 + i, 0.8));
    if (turn > 1) for (let i = 0; i < 6; i += 2) rmSync(join(source, 'sub', `file ${turn - 2}-${i}`));
  };
  const backup = async (turn: number): Promise<void> => {
    change(turn);
    const time = `2026-03-${String(turn + 1).padStart(2, '0')}`;
    if (turn % 2 === 0) await engine.backup({ repository: repository(), paths: [source], time: `${time}T10:00:00Z`, packSize: 4 });
    else await restic().backup([source], { args: ['--time', `${time} 10:00:00`] });
  };

  const steps: [string, () => Promise<unknown>][] = [
    ['init', () => engine.init({ repository: repository(), version })],
    ...[0, 1, 2, 3].map((turn): [string, () => Promise<unknown>] => [`backup ${turn}`, () => backup(turn)]),
    ['tag by Holdfast', () => engine.tag({ repository: repository(), add: ['a', 'b'] })],
    ['tag by restic', () => restic().ok(['tag', '--remove', 'a'])],
    ['forget', async () => {
      const [first, second] = await engine.snapshots({ repository: repository() });
      await engine.forget({ repository: repository(), ids: [first?.id ?? '', second?.id ?? ''] });
    }],
    ['prune that may repack little', async () => {
      const { packs_repacked, bytes_unused } = await engine.prune({ repository: repository(), options: { maxUnused: '0%', maxRepackSize: '2M' } });
      expect(packs_repacked).toBeLessThan(3);
      expect(bytes_unused).toBeGreaterThan(0);
    }],
    ['prune of what may be cached', () => engine.prune({ repository: repository(), options: { maxUnused: '0%', repackCacheableOnly: true } })],
    ['backup after it', () => backup(4)],
    ['prune of small packs', () => engine.prune({ repository: repository(), options: { repackSmall: true } })],
    ['key add', () => engine.keyAdd({ repository: repository(), newPassword: 'second' })],
    ['key passwd', async () => {
      await engine.keyPasswd({ repository: repository(), newPassword: 'third' });
      password = 'third';
    }],
    ['key remove', async () => {
      const other = (await engine.keyList({ repository: repository() })).find((key) => !key.current);
      await engine.keyRemove({ repository: repository(), id: other?.id ?? '' });
    }],
    ['backup after the keys', () => backup(5)],
    ['index lost and repaired by Holdfast', async () => {
      for (const name of readdirSync(join(url, 'index')).slice(0, 1)) rmSync(join(url, 'index', name));
      await engine.repairIndex({ repository: repository() });
    }],
    ['index rebuilt by restic', () => restic().ok(['rebuild-index'])],
    ['index made anew from all packs', () => engine.repairIndex({ repository: repository(), readAllPacks: true })],
    ['forget and prune by restic', () => restic().ok(['forget', '--keep-last', '3', '--prune', '--max-unused', '0'])],
    ['forget and prune by Holdfast', () => engine.forget({ repository: repository(), keep: { last: 2 }, prune: { maxUnused: '0' } })],
    ['unlock', () => engine.unlock({ repository: repository(), removeAll: true })],
  ];
  for (const [name, step] of steps) {
    await step();
    await restic().check().catch((error: unknown) => { throw new Error(`after "${name}"`, { cause: error }); });
  }
  expect(await engine.check({ repository: repository(), readData: true })).toMatchObject({ ok: true, hints: [] });

  const other = { url: join(folder, 'copy'), password: 'other' };
  const theirs = new Restic(other.url, 'other', folder);
  await theirs.ok(['init', '--repository-version', '2']);
  expect((await engine.copy({ repository: other, from: repository() })).copied).toHaveLength(2);
  await theirs.check();
  await theirs.ok(['copy', '--from-repo', url], { env: { RESTIC_FROM_PASSWORD: password } });
  expect(await theirs.snapshots()).toHaveLength(2); // restic knows them for the same
  const target = join(folder, 'out');
  await theirs.ok(['restore', 'latest', '--target', target]);
  expect(describe(join(target, source))).toEqual(describe(source));
}
