/** Holds a restic lock while an operation runs: shared for most, exclusive for what removes data. */
import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../shared/errors.js';
import { isAlive } from '../backend/local.js';
import { damaged, isDamage } from '../format/damage.js';
import { encodeLock, isStale, parseLock, type LockFile } from '../format/lock-file.js';
import { isId, type Id } from '../format/id.js';
import type { RunMemory } from './memory.js';
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

export interface ListedLock {
  readonly name: string;
  readonly size: number;
}

export interface LockOptions {
  readonly exclusive: boolean;
  /** How long to wait for another's lock, ms. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((text: string) => void) | undefined;
  /** A listing of locks that is under way already. */
  readonly listed?: Promise<ListedLock[]> | undefined;
  readonly memory: RunMemory;
  /**
   * Gives the lock out as soon as it is written, and nobody can have begun to remove data unseen: while it is waited for that others
   * see it, work that does no harm may begin, and what it reads stays right if the lock turns out to hold (`held`).
   */
  readonly early?: boolean | undefined;
}

export async function listLocks({ backend }: Pick<Repository, 'backend'>, signal?: AbortSignal): Promise<ListedLock[]> {
  const listed: ListedLock[] = [];
  for await (const { name, size } of backend.list('locks', signal)) if (isId(name) && size > 0) listed.push({ name, size }); // an empty lock is an interrupted upload
  return listed;
}

/** Reads locks. An unreadable one counts as somebody's: it throws. */
async function readLocks(repository: Repository, listed: readonly ListedLock[], signal?: AbortSignal): Promise<FoundLock[]> {
  const found = await Promise.all(listed.map(async ({ name, size }): Promise<FoundLock | null> => {
    const handle = { kind: 'locks', name } as const;
    try {
      if (size > largestLock) throw damaged(nameOf(handle), 'it is far too large');
      const lock = parseLock(await repository.load(handle, signal), nameOf(handle));
      return { id: name, lock, stale: isStale(lock, { now: Date.now(), hostname: hostname(), isAlive }) };
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'not-found') return null; // released meanwhile
      if (isDamage(error)) {
        throw new HoldfastError('repository-damaged',
          `The ${nameOf(handle)} cannot be read, so nobody knows who uses the repository. When no other program is at work in it, remove the lock with unlock --remove-all.`, { cause: error });
      }
      throw error;
    }
  }));
  return found.filter((lock) => lock !== null);
}

export class RepositoryLock {
  /** Locks of operations that ended without cleaning up; they may have left packs that no index names. */
  readonly abandoned: Id[] = [];
  /** Whether no other process was at work in the repository when the lock was taken. */
  alone = true;
  /** Settles when it is certain that nobody stands against this lock. Rejects with `repository-locked`, or with why nobody knows. */
  held: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private released = false;
  private readonly releasing = new AbortController();

  private constructor(private readonly repository: Repository, private id: Id, private readonly exclusive: boolean, private readonly memory: RunMemory) {}

  /** @throws `repository-locked` */
  static async acquire(repository: Repository, options: LockOptions): Promise<RepositoryLock> {
    const deadline = Date.now() + (options.timeout ?? 0);
    let { listed } = options;
    for (let longest = 1000; ; longest = Math.min(longest * 2, longestPause)) {
      try {
        return await this.attempt(repository, options, await (listed ?? listLocks(repository, options.signal)));
      } catch (error) {
        const left = deadline - Date.now();
        if (!(error instanceof HoldfastError) || error.code !== 'repository-locked' || left <= 0) throw error;
        // a part of it by chance: two who refused each other would otherwise meet again and again
        await sleep(Math.min(left, longest * (0.5 + Math.random() / 2)), undefined, options.signal ? { signal: options.signal } : {});
        listed = undefined;
      }
    }
  }

  private static async attempt(repository: Repository, options: LockOptions, before: readonly ListedLock[]): Promise<RepositoryLock> {
    const { memory, signal } = options;
    const check = new ConflictCheck(repository, options, await removeLeft(repository, memory, before, signal));
    await check.look(before);
    // While the lock is on its way, it is looked once more who is there. Whoever comes after that look and before our lock is seen
    // looks a second time himself, `settle` after he has written his lock, and gives way.
    const began = performance.now();
    const [written, meanwhile] = await Promise.allSettled([writeLock(repository, options.exclusive, memory, signal), listLocks(repository, signal)]);
    const inTime = performance.now() - began < settle;
    if (written.status === 'rejected') throw written.reason;
    const lock = new RepositoryLock(repository, written.value, options.exclusive, memory);
    check.mine = written.value;
    try {
      if (meanwhile.status === 'rejected') throw meanwhile.reason;
      await check.look(meanwhile.value);
      lock.held = lock.settled(check, signal);
      lock.held.catch(() => undefined); // looked at here or by whoever works meanwhile
      // one who wrote his lock after that look, and has had time to look himself, is there still or has done with all he does
      if (options.early && !inTime) await check.look(await listLocks(repository, signal));
      if (!options.early) await lock.held;
    } catch (error) {
      await lock.release().catch(() => undefined); // the first error is the one to tell
      throw error;
    }
    lock.abandoned.push(...check.abandoned);
    lock.alone = !check.others;
    lock.timer = setInterval(() => { void lock.refresh().catch(() => undefined); }, refreshEvery);
    lock.timer.unref();
    return lock;
  }

  /** Looks once more, when others have had time to see this lock. */
  private async settled(check: ConflictCheck, signal?: AbortSignal): Promise<void> {
    const stop = signal ? AbortSignal.any([signal, this.releasing.signal]) : this.releasing.signal;
    await sleep(settle, undefined, { signal: stop });
    await check.look(await listLocks(this.repository, stop));
  }

  /** Writes a fresh lock, then removes the old one. */
  async refresh(): Promise<void> {
    if (this.released) return;
    const fresh = await writeLock(this.repository, this.exclusive, this.memory);
    const old = this.id;
    this.id = fresh;
    await this.remove(old);
    if (this.released) await this.remove(fresh);
  }

  /** @param patience how long it is tried, ms: after that the next operation from here removes it. Default: as the destination says */
  async release(patience?: number): Promise<void> {
    this.released = true;
    this.releasing.abort();
    clearInterval(this.timer);
    if (patience === undefined) return this.remove(this.id);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new HoldfastError('destination-failed', 'The destination does not answer any more. The next run removes it.')), patience);
    try {
      await this.remove(this.id, stop.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One that cannot be removed now is removed by the next operation from here. */
  private async remove(id: Id, signal?: AbortSignal): Promise<void> {
    try {
      await this.repository.backend.remove({ kind: 'locks', name: id }, signal);
    } catch (error) {
      await this.memory.leaveLock(id);
      throw error;
    }
  }
}

/** Looks at listings of locks, and reads each lock once. */
class ConflictCheck {
  mine: Id | null = null;
  others = false;
  readonly abandoned: Id[] = [];
  private readonly seen = new Set<Id>();

  /** @param gone locks that were removed since `before` was listed; they count as abandoned */
  constructor(private readonly repository: Repository, private readonly options: LockOptions, gone: readonly Id[]) {
    this.abandoned.push(...gone);
    for (const id of gone) this.seen.add(id);
  }

  /** @throws `repository-locked` */
  async look(listed: readonly ListedLock[]): Promise<void> {
    const fresh = listed.filter(({ name }) => name !== this.mine && !this.seen.has(name));
    for (const { id, lock, stale } of await readLocks(this.repository, fresh, this.options.signal)) {
      this.seen.add(id);
      if (stale) this.abandoned.push(id);
      // one of this very process was left behind when the destination could not be reached: one run at a time works in a repository
      else if (lock.hostname !== hostname() || lock.pid !== process.pid) this.others = true;
      if (!this.options.exclusive && !lock.exclusive) continue;
      if (stale) {
        await this.repository.backend.remove({ kind: 'locks', name: id });
        this.options.onWarning?.(`Removed a stale lock of process ${lock.pid} on ${lock.hostname}.`);
        continue;
      }
      const minutes = Math.max(0, Math.round((Date.now() - lock.time) / 60_000));
      throw new HoldfastError('repository-locked',
        `The repository is in use by ${lock.username || 'somebody'} on ${lock.hostname} (process ${lock.pid}, refreshed ${minutes} min ago). Wait until that has finished, or run unlock if it no longer runs.`);
    }
  }
}

/** Removes what earlier operations from here could not. @returns what is gone now */
async function removeLeft(repository: Repository, memory: RunMemory, listed: readonly ListedLock[], signal?: AbortSignal): Promise<Id[]> {
  const names = new Set(listed.map(({ name }) => name));
  const removed: Id[] = [];
  for (const id of await memory.leftLocks()) {
    if (names.has(id)) {
      await repository.backend.remove({ kind: 'locks', name: id }, signal);
      removed.push(id);
    }
    await memory.forgetLock(id);
  }
  return removed;
}

/** @returns its ID. One that may have arrived although saving it failed is remembered. */
async function writeLock(repository: Repository, exclusive: boolean, memory: RunMemory, signal?: AbortSignal): Promise<Id> {
  const me = userInfo();
  const { name, sealed } = repository.seal(encodeLock({ time: Date.now(), exclusive, hostname: hostname(), username: me.username, pid: process.pid, uid: me.uid, gid: me.gid }));
  try {
    await repository.backend.save({ kind: 'locks', name }, sealed, signal);
  } catch (error) {
    await memory.leaveLock(name);
    throw error;
  }
  return name;
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
  for (const { id, stale } of await readLocks(repository, await listLocks(repository, signal), signal)) {
    if (stale) await repository.backend.remove({ kind: 'locks', name: id });
    if (stale) removed++;
    else remaining++;
  }
  return { removed, remaining };
}
