/** A program that is replaced under a running process. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { watchProgram } from '../../../main/platform/service/replaced.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

/** A program on disk with its watch. `look` lets the time pass that is between two looks. */
async function program() {
  const folder = path.join(tempFolder(), 'holdfast');
  const file = path.join(folder, 'holdfast.js');
  const install = (text: string): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${file}.part`, text);
    renameSync(`${file}.part`, file);
  };
  install('one');
  const world = { busy: false, left: 0 };
  let next: (() => void) | null = null;
  const end = await watchProgram({
    file, clock: { now: () => 0, after: (_ms, work) => { next = work; return () => { next = null; }; } },
    busy: () => Promise.resolve(world.busy), leave: () => { world.left += 1; },
  });
  const look = async (): Promise<void> => {
    const work = next;
    next = null;
    work?.();
    await until('it has looked', () => next !== null || world.left > 0);
  };
  return { world, install, look, end, remove: () => rmSync(folder, { recursive: true }), isWatching: () => next !== null };
}

test('it leaves once, when the other version is complete and no run is cut off', async () => {
  const { install, look, remove, world } = await program();
  await look();
  remove(); // as a package manager does: the one is gone before the other is there
  await look();
  await look();
  expect(world.left).toBe(0);
  world.busy = true;
  install('two');
  for (const _ of [1, 2, 3]) await look();
  expect(world.left).toBe(0);
  world.busy = false;
  await look();
  expect(world.left).toBe(1);
});

test('it stays where nothing was replaced, and ends when asked', async () => {
  const { end, isWatching, look, world } = await program();
  for (const _ of [1, 2, 3]) await look();
  expect(world.left).toBe(0);
  end();
  expect(isWatching()).toBe(false);
});
