// @ts-check
/**
 * npm run package:twice: makes the packages of the last commit twice, each from a checkout in a folder of its own, and says whether they
 * have the same bytes. Ends with 1 when one has not.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { inRoot } from '../checkout.mjs';
import { mustRun } from '../run.mjs';
import { complain, say } from '../say.mjs';
import { packWithDevelopmentRuntime } from './with-development-runtime.mjs';

const kinds = /\.(deb|rpm|tar\.gz|tgz)$/;

/** @param {string} folder to check out, build and package in @param {string} commit @returns {Promise<Map<string, string>>} SHA-256 of each package */
async function make(folder, commit) {
  await mustRun('cloning', 'git', ['clone', '--quiet', '--no-checkout', inRoot(), folder]);
  await mustRun('checking out', 'git', ['checkout', '--quiet', '--detach', commit], { cwd: folder });
  cpSync(inRoot('node_modules'), path.join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  const env = { ...process.env, SOURCE_DATE_EPOCH: '0' };
  await mustRun('building', process.execPath, ['build/build.mjs'], { cwd: folder, env });
  await mustRun('packaging for servers', process.execPath, ['build/packaging/headless.mjs'], { cwd: folder, env });
  const dist = path.join(folder, 'dist');
  await packWithDevelopmentRuntime(folder, dist, env);
  const names = readdirSync(dist).filter((name) => kinds.test(name)).sort();
  return new Map(names.map((name) => [name, createHash('sha256').update(readFileSync(path.join(dist, name))).digest('hex')]));
}

const work = mkdtempSync(path.join(tmpdir(), 'holdfast-twice-'));
try {
  const commit = (await mustRun('asking git', 'git', ['rev-parse', 'HEAD'], { cwd: inRoot() })).trim();
  const first = await make(path.join(work, 'one'), commit);
  const second = await make(path.join(work, 'another place'), commit);
  for (const [name, sum] of first) {
    const same = second.get(name) === sum;
    say(same ? `${name}: the same twice, SHA-256 ${sum}` : `${name}: differs, SHA-256 ${sum} and ${second.get(name)}`);
    if (!same) process.exitCode = 1;
  }
} catch (error) {
  complain(error);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
