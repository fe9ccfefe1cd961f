// @ts-check
/** One set-up and build at a time in one checkout: `npm start` and `npm test` may be started together. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from '../checkout.mjs';
import { Trouble, say } from '../say.mjs';

/** Milliseconds after which a lock is no longer waited for: no set-up takes that long, so its process id now belongs to somebody else. */
const patience = 20 * 60_000;

/**
 * Runs `work` while no other process of this checkout does. A lock whose process is gone is taken over.
 * @template T @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function alone(work) {
  mkdirSync(inRoot('.cache'), { recursive: true });
  const lock = inRoot('.cache', 'build.lock');
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  const release = () => rmSync(lock, { force: true });
  const deadline = Date.now() + patience;
  try {
    for (let told = false; !taken(mine, lock); await sleep(200)) {
      const owner = ownerOf(lock);
      if (owner === undefined) continue; // released in between
      if (!isAlive(owner)) breakLock(lock, owner);
      else if (Date.now() > deadline) throw new Trouble(`Process ${owner} holds ${lock} for too long. End it, or remove that file.`);
      else if (!told) {
        told = true;
        say(`waiting for process ${owner} to finish its build`);
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** link() either makes the lock with its content or fails, so nobody sees an empty one. @param {string} mine @param {string} lock */
function taken(mine, lock) {
  try {
    linkSync(mine, lock);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead process's lock; puts it back when somebody alive was quicker to take it over. @param {string} lock @param {number} owner */
function breakLock(lock, owner) {
  const aside = `${lock}.${process.pid}.broken`;
  try {
    renameSync(lock, aside);
  } catch {
    return; // somebody else has just done it
  }
  if (ownerOf(aside) !== owner) renameSync(aside, lock);
  else rmSync(aside);
}

/** @param {string} lock @returns {number | undefined} */
function ownerOf(lock) {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
