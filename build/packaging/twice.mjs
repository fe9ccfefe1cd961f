// @ts-check
/**
 * npm run package:twice [-- OPTIONS OF ELECTRON-BUILDER]: makes the packages of the last commit twice, each from a checkout in a folder of its own, and says which have the
 * same bytes. Ends with 1 when one that should has not.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { inRoot } from '../checkout.mjs';
import { mustRun } from '../run.mjs';
import { complain, say } from '../say.mjs';
import { electronRuntime } from '../setup/electron-runtime.mjs';

const kinds = /\.(deb|rpm|tar\.gz|tgz)$/;

/** @param {string} folder to check out, build and package in @returns {Promise<Map<string, string>>} SHA-256 of each package */
async function make(folder) {
  await mustRun('checking out', 'git', ['clone', '--quiet', '--no-hardlinks', inRoot(), folder]);
  cpSync(inRoot('node_modules'), path.join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  const runtime = await electronRuntime();
  const version = /v(\d+\.\d+\.\d+)/.exec(await mustRun('asking Electron', runtime.executable, ['--version', '--no-sandbox']))?.[1] ?? '';
  const env = { ...process.env, SOURCE_DATE_EPOCH: '0' };
  const node = (/** @type {string} */ what, /** @type {string[]} */ ...args) => mustRun(what, process.execPath, args, { cwd: folder, env });
  await node('building', 'build/build.mjs');
  await node('packaging for servers', 'build/packaging/headless.mjs');
  await node('packaging', 'node_modules/electron-builder/cli.js', '--linux', 'deb', 'rpm', 'tar.gz', '--publish', 'never', `-c.electronDist=${runtime.folder}`, `-c.electronVersion=${version}`, ...process.argv.slice(2));
  const dist = path.join(folder, 'dist');
  return new Map(readdirSync(dist).filter((name) => kinds.test(name)).sort().map((name) => [name, createHash('sha256').update(readFileSync(path.join(dist, name))).digest('hex')]));
}

const work = mkdtempSync(path.join(tmpdir(), 'holdfast-twice-'));
try {
  const first = await make(path.join(work, 'one'));
  const second = await make(path.join(work, 'another place'));
  for (const [name, sum] of first) {
    const same = second.get(name) === sum;
    say(`${name}: ${same ? `the same twice, ${sum}` : `differs, ${sum} and ${second.get(name)}`}`);
    if (!same) process.exitCode = 1;
  }
} catch (error) {
  complain(error);
  process.exitCode = 1;
} finally {
  if (process.exitCode !== 1 || process.env['HOLDFAST_KEEP'] === undefined) rmSync(work, { recursive: true, force: true });
}
