/** One build at a time in one checkout, whatever became of the one before. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { run, start } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

/** A checkout with nothing but the build scripts, and a program that holds the lock while it notes its coming and going. */
function checkout(): { folder: string; script: string; notes: string } {
  const folder = tempFolder();
  cpSync(path.resolve(import.meta.dirname, '..', '..', '..', 'build'), path.join(folder, 'build'), { recursive: true });
  mkdirSync(path.join(folder, '.cache'));
  const notes = path.join(folder, 'notes');
  writeFileSync(notes, '');
  const script = path.join(folder, 'hold.mjs');
  writeFileSync(script, `
    import { appendFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { alone } from './build/setup/lock.mjs';
    await alone(async () => {
      appendFileSync('notes', 'in ');
      await sleep(Number(process.argv[2]));
      appendFileSync('notes', 'out ');
    });
  `);
  return { folder, script, notes };
}

it('lets builds of one checkout take turns', async () => {
  const { folder, script, notes } = checkout();
  const all = await Promise.all([1, 2, 3].map(() => run(process.execPath, [script, '150'], { cwd: folder })));
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(readFileSync(notes, 'utf8')).toBe('in out in out in out ');
});

it('takes over from a build that was killed', async () => {
  const { folder, script, notes } = checkout();
  const killed = start(process.execPath, [script, '60000'], { cwd: folder });
  await until('the first build holds the lock', () => readFileSync(notes, 'utf8') === 'in ');
  killed.signal('SIGKILL');
  await killed.ended;
  const all = await Promise.all([1, 2].map(() => run(process.execPath, [script, '50'], { cwd: folder })));
  expect(all.map(({ code }) => code)).toEqual([0, 0]);
  expect(readFileSync(notes, 'utf8')).toBe('in in out in out ');
});
