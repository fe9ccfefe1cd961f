/** Bits that turn anywhere in a repository, by the hundred: each is found and told in one sentence, and what it did not touch is restored. */
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLocalEngine } from '../../../main/backup/index.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { bytes, temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const engine = createLocalEngine();
afterAll(async () => {
  await engine.close();
  folder.remove();
});

const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? Date.now() % 1_000_000);
let state = seed;
/** A linear congruential generator (Numerical Recipes), so that a failure can be seen again. */
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

test(`400 bits turned and 100 files cut, one at a time (HOLDFAST_TEST_SEED=${seed})`, { timeout: 900_000 }, async () => {
  const source = path.join(folder.path, 'source');
  const url = path.join(folder.path, 'repo');
  const whole = path.join(folder.path, 'whole');
  const repository = { url, password: 'pw' };
  mkdirSync(source);
  for (let i = 0; i < 30; i++) writeFileSync(path.join(source, `file ${i}`), bytes(60_000, i, 0.7));
  await engine.init({ repository });
  await makeKeyCheap(url, 'pw');
  await engine.backup({ repository, paths: ['.'], workingFolder: source });
  writeFileSync(path.join(source, 'another'), bytes(500_000, 77, 0.7));
  await engine.backup({ repository, paths: ['.'], workingFolder: source });
  cpSync(url, whole, { recursive: true });
  const files = readdirSync(url, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  for (let round = 0; round < 500; round++) {
    const victim = files[random(files.length)] ?? '';
    const name = path.relative(url, victim);
    const content = readFileSync(victim);
    const at = random(content.length);
    chmodSync(victim, 0o600);
    if (round % 5 === 4) truncateSync(victim, at);
    else {
      content[at] = (content[at] ?? 0) ^ (1 << random(8));
      writeFileSync(victim, content);
    }
    const what = `${round % 5 === 4 ? 'cut' : 'bit'} at ${at} of ${name}`;
    const outcome = await engine.check({ repository, readData: true }).then((report) => (report.ok ? 'clean' : 'found'), (error: { code: string; message: string }) => {
      expect(error.message, what).not.toMatch(/\n|at .*\.ts|undefined/);
      return error.code;
    });
    expect([what, outcome]).toEqual([what, expect.stringMatching(/^(found|repository-damaged|wrong-password)$/)]);
    cpSync(path.join(whole, name), victim, { force: true });
  }
  rmSync(source, { recursive: true });
  expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true });
});
