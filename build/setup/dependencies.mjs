// @ts-check
/** node_modules as package-lock.json wants it. */
import { readFileSync } from 'node:fs';
import { inRoot } from '../checkout.mjs';
import { mustRun, npm } from '../run.mjs';
import { say, secondsSince } from '../say.mjs';

/** Runs `npm ci` when a package of the lock file is missing or has another version. */
export async function dependencies() {
  if (isInstalled()) return;
  say('installing npm packages');
  const start = performance.now();
  const [command, first] = npm();
  // Silent about the "engines" of packages: those that ask for a newer Node run on the one we ask for.
  await mustRun('npm ci', command, [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev'], { cwd: inRoot(), limit: 20 * 60_000 });
  say(`installed npm packages in ${secondsSince(start)}`);
}

/** @typedef {{packages: Record<string, {version?: string, integrity?: string, optional?: boolean}>}} Lock */

/** Compares the lock file with npm's own note of what it installed, which it writes last. */
function isInstalled() {
  /** @type {Lock} */
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
  /** @type {Lock} */
  let present;
  try {
    present = JSON.parse(readFileSync(inRoot('node_modules', '.package-lock.json'), 'utf8'));
  } catch {
    return false;
  }
  return Object.entries(wanted.packages).every(([name, entry]) => {
    if (name === '') return true;
    const found = present.packages[name];
    if (found === undefined) return entry.optional === true; // made for another platform
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}
