/** Computers without a libzstd of their own: the package that comes along writes what restic and the system's library read, and reads what they write. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalEngine } from '../../../main/backup/index.js';
import { openSystemZstd } from '../../../main/backup/compress/libzstd.js';
import { tunings } from '../../../main/backup/compress/tuning.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { Restic } from '../../helpers/restic.js';
import { bytes, describe, temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const source = join(folder.path, 'source');
const shadow = join(folder.path, 'lib');
const engine = createLocalEngine();
const built = (path: string): string => new URL(`../../../out/main/backup/${path}`, import.meta.url).href;

beforeAll(() => {
  mkdirSync(source);
  mkdirSync(shadow);
  // what the loader finds first and cannot load
  writeFileSync(join(shadow, 'libzstd.so.1'), '');
  for (const [i, entropy] of [0, 0.1, 0.5, 1].entries()) writeFileSync(join(source, `file ${i}`), bytes(2_500_000, i, entropy));
  for (let i = 0; i < 50; i++) writeFileSync(join(source, `small ${i}`), `line ${i}\n`.repeat(i * 7));
});
afterAll(() => { folder.remove(); });

/** Runs a script in a process for which there is no libzstd. */
function without(script: string): unknown {
  const env = { ...process.env, LD_LIBRARY_PATH: shadow };
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', `
    import * as engine from ${JSON.stringify(built('index.js'))};
    import { openSystemZstd } from ${JSON.stringify(built('compress/libzstd.js'))};
    import { tunings } from ${JSON.stringify(built('compress/tuning.js'))};
    const alone = openSystemZstd(tunings.auto, true) === null;
    const result = await (async () => { ${script} })();
    console.log(JSON.stringify({ alone, result }));`], { encoding: 'utf8', env }));
}

function sizeOf(url: string): number {
  return readdirSync(join(url, 'data'), { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).reduce((sum, e) => sum + statSync(join(e.parentPath, e.name)).size, 0);
}

test.each(['auto', 'max'] as const)('%s', async (compression) => {
  expect(openSystemZstd(tunings.auto, true)).not.toBeNull(); // this process has one
  const theirs = { url: join(folder.path, `package-${compression}`), password: 'pw' };
  const ours = { url: join(folder.path, `system-${compression}`), password: 'pw' };
  const request = (repository: object): object => ({ repository, paths: ['.'], workingFolder: source, compression });
  expect(without(`
    await engine.init({ repository: ${JSON.stringify(theirs)} });
    return (await engine.backup(${JSON.stringify(request(theirs))})).error_count;`)).toEqual({ alone: true, result: 0 });
  await engine.init({ repository: ours });
  await makeKeyCheap(ours.url, ours.password);
  await engine.backup({ repository: ours, paths: ['.'], workingFolder: source, compression });

  await new Restic(theirs.url, 'pw', folder.path).check();
  expect(await engine.check({ repository: theirs, readData: true })).toMatchObject({ ok: true });
  const target = join(folder.path, `out-${compression}`);
  expect((await engine.restore({ repository: theirs, snapshot: 'latest', target })).errors).toEqual([]);
  const { '': _, ...restored } = describe(target); // the folder itself is no part of it
  expect(describe(source)).toMatchObject(restored);
  expect(Object.keys(restored)).toHaveLength(54);
  expect(without(`return (await engine.check({ repository: ${JSON.stringify(ours)}, readData: true })).ok;`)).toEqual({ alone: true, result: true });
  expect(sizeOf(theirs.url) / sizeOf(ours.url)).toBeGreaterThan(0.8);
  expect(sizeOf(theirs.url) / sizeOf(ours.url)).toBeLessThan(1.25);
});
