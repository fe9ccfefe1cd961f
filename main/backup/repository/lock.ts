/** Holds a restic lock while an operation runs: shared for most, exclusive for what removes data. */
import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../shared/errors.js';
import { isAlive } from '../backend/local.js';
import { damaged, isDamage } from '../format/damage.js';
import { encodeLock, isStale, parseLock, type LockFile } from '../format/lock-file.js';
import { isId, type Id } from '../format/id.js';
import { nameOf, type Repository } from './repository.js';

export const refreshEvery = 5 * 60 * 1000;
/** As restic: time for another's lock to become visible. */
const settle = 200;
/** Between two tries while another's lock is waited for, ms. */
const longestPause = 10_000;

const largestLock = 1024 * 1024;

export interface FoundLock {
  readonly id: Id;
  readonly lock: LockFile;
  readonly stale: boolean;
}

export interface LockOptions {
  readonly exclusive: boolean;
  /** How long to wait for another's lock, ms. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((text: string) => void) | undefined;
}

/** All readable locks. An unreadable one counts as somebody's: it throws. */
export async function findLocks(repository: Repository, signal?: AbortSignal): Promise<FoundLock[]> {
  const found: FoundLock[] = [];
  for await (const { name, size } of repository.backend.list('locks', signal)) {
    if (!isId(name) || size === 0) continue; // an empty lock is an interrupted upload
    const handle = { kind: 'locks', name } as const;
    try {
      if (size > largestLock) throw damaged(nameOf(handle), 'it is far too large');
      const lock = parseLock(await repository.load(handle, signal), nameOf(handle));
      found.push({ id: name, lock, stale: isStale(lock, { now: Date.now(), hostname: hostname(), isAlive }) });
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'not-found') continue; // released meanwhile
      if (isDamage(error)) {
        throw new HoldfastError('repository-damaged',
          `The ${nameOf(handle)} cannot be read, so nobody knows who uses the repository. When no other program is at work in it, remove the lock with unlock --remove-all.`, { cause: error });
      }
      throw error;
    }
  }
  return found;
}

export class RepositoryLock {
  /** Locks of processes that ended without cleaning up; they may have left packs that no index names. */
  readonly abandoned: Id[] = [];
  /** Whether no other process was at work in the repository when the lock was taken. */
  alone = true;
  private timer: NodeJS.Timeout | undefined;
  private released = false;

  private constructor(private readonly repository: Repository, private id: Id, private readonly exclusive: boolean) {}

  /** @throws `repository-locked` */
  static async acquire(repository: Repository, options: LockOptions): Promise<RepositoryLock> {
    const deadline = Date.now() + (options.timeout ?? 0);
    for (let longest = 1000; ; longest = Math.min(longest * 2, longestPause)) {
      try {
        return await this.attempt(repository, options);
      } catch (error) {
        const left = deadline - Date.now();
        if (!(error instanceof HoldfastError) || error.code !== 'repository-locked' || left <= 0) throw error;
        // a part of it by chance: two who refused each other would otherwise meet again and again
        await sleep(Math.min(left, longest * (0.5 + Math.random() / 2)), undefined, options.signal ? { signal: options.signal } : {});
      }
    }
  }

  private static async attempt(repository: Repository, options: LockOptions): Promise<RepositoryLock> {
    const { abandoned, others } = await this.refuseConflict(repository, options, null);
    const id = await repository.save('locks', content(options.exclusive), options.signal);
    const lock = new RepositoryLock(repository, id, options.exclusive);
    lock.abandoned.push(...abandoned);
    lock.alone = others === 0;
    try {
      await sleep(settle, undefined, options.signal ? { signal: options.signal } : {});
      await this.refuseConflict(repository, options, id);
    } catch (error) {
      await lock.release();
      throw error;
    }
    lock.timer = setInterval(() => { void lock.refresh().catch(() => undefined); }, refreshEvery);
    lock.timer.unref();
    return lock;
  }

  private static async refuseConflict(repository: Repository, options: LockOptions, mine: Id | null): Promise<{ abandoned: Id[]; others: number }> {
    const abandoned: Id[] = [];
    let others = 0;
    for (const { id, lock, stale } of await findLocks(repository, options.signal)) {
      if (id === mine) continue;
      if (stale) abandoned.push(id);
      // one of this very process was left behind when the destination could not be reached: one run at a time works in a repository
      else if (lock.hostname !== hostname() || lock.pid !== process.pid) others++;
      if (!options.exclusive && !lock.exclusive) continue;
      if (stale) {
        await repository.backend.remove({ kind: 'locks', name: id });
        options.onWarning?.(`Removed a stale lock of process ${lock.pid} on ${lock.hostname}.`);
        continue;
      }
      const minutes = Math.max(0, Math.round((Date.now() - lock.time) / 60_000));
      throw new HoldfastError('repository-locked',
        `The repository is in use by ${lock.username || 'somebody'} on ${lock.hostname} (process ${lock.pid}, refreshed ${minutes} min ago). Wait until that has finished, or run unlock if it no longer runs.`);
    }
    return { abandoned, others };
  }

  /** Writes a fresh lock, then removes the old one. */
  async refresh(): Promise<void> {
    if (this.released) return;
    const fresh = await this.repository.save('locks', content(this.exclusive));
    const old = this.id;
    this.id = fresh;
    await this.repository.backend.remove({ kind: 'locks', name: old });
    if (this.released) await this.repository.backend.remove({ kind: 'locks', name: fresh });
  }

  async release(): Promise<void> {
    this.released = true;
    clearInterval(this.timer);
    await this.repository.backend.remove({ kind: 'locks', name: this.id });
  }
}

function content(exclusive: boolean): Buffer {
  const me = userInfo();
  return encodeLock({ time: Date.now(), exclusive, hostname: hostname(), username: me.username, pid: process.pid, uid: me.uid, gid: me.gid });
}

/** Removes stale locks, or all of them. */
export async function removeLocks(repository: Repository, all: boolean, signal?: AbortSignal): Promise<{ removed: number; remaining: number }> {
  let removed = 0;
  let remaining = 0;
  if (all) {
    for await (const { name } of repository.backend.list('locks', signal)) {
      await repository.backend.remove({ kind: 'locks', name });
      removed++;
    }
    return { removed, remaining };
  }
  for (const { id, stale } of await findLocks(repository, signal)) {
    if (stale) await repository.backend.remove({ kind: 'locks', name: id });
    if (stale) removed++;
    else remaining++;
  }
  return { removed, remaining };
}
