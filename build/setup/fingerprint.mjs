// @ts-check
/** Knowing that nothing has changed, without reading every file. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../checkout.mjs';

/**
 * All files below the paths, which may name files and folders and need not exist; in a fixed order.
 * @param {readonly string[]} paths relative to the checkout @returns {string[]}
 */
export function filesBelow(paths) {
  /** @type {string[]} */
  const files = [];
  const walk = (/** @type {string} */ name) => {
    const stat = statSync(inRoot(name), { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isDirectory()) files.push(name);
    else for (const entry of readdirSync(inRoot(name)).sort()) walk(path.join(name, entry));
  };
  for (const name of paths) walk(name);
  return files;
}

/**
 * A hash of the names, sizes and modification times of all files below the paths.
 * @param {readonly string[]} paths relative to the checkout
 */
export function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const name of filesBelow(paths)) {
    const { size, mtimeMs } = statSync(inRoot(name));
    hash.update(`${name}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** @param {string} step */
const stampFile = (step) => inRoot('out', '.stamps', step);

/** Whether `step` was last finished with this fingerprint. @param {string} step @param {string} print */
export function isStamped(step, print) {
  return existsSync(stampFile(step)) && readFileSync(stampFile(step), 'utf8') === print;
}

/** Notes that `step` has been finished with this fingerprint. @param {string} step @param {string} print */
export function stamp(step, print) {
  mkdirSync(path.dirname(stampFile(step)), { recursive: true });
  const temporary = `${stampFile(step)}.${process.pid}`;
  writeFileSync(temporary, print);
  renameSync(temporary, stampFile(step));
}
