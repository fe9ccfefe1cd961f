/** What every operation does around its work: open, lock, report, unlock, close, and turn whatever is thrown into one sentence. */
import { setMaxListeners } from 'node:events';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Id } from '../format/id.js';
import { forgetZone } from '../format/time.js';
import type { Backend } from '../backend/backend.js';
import { cacheFolderOf, openBackend } from '../backend/open.js';
import { openRepository, type Repository } from '../repository/repository.js';
import { listLocks, RepositoryLock } from '../repository/lock.js';
import { RunMemory } from '../repository/memory.js';
import type { Control, Progress, RepositoryAccess } from '../types.js';

/** Where work has failed, nobody shall wait long to hear of it, ms. */
const lastPatience = 10_000;

export type LockKind = 'none' | 'shared' | 'exclusive';

export interface Session {
  readonly repository: Repository;
  readonly signal: AbortSignal;
  readonly warn: (text: string) => void;
  /** Locks that a process left behind when it died. */
  readonly abandonedLocks: readonly Id[];
  /** No other process was at work in the repository when this began. */
  readonly alone: boolean;
  readonly memory: RunMemory;
  /** Settles when the lock is certain to hold. Without `early` it is from the beginning. */
  readonly held: Promise<void>;
}

export interface SessionOptions {
  /**
   * Begins `work` while it is waited for that others see the lock. Until `held` has settled it may read, and store packs, but nothing that
   * says they are there; when `held` rejects, it has to end with that error, and may be run again from its beginning.
   */
  readonly early?: boolean;
  /** Told as soon as the destination can be asked, long before the repository is open. */
  readonly opening?: (backend: Backend) => void;
}

/** Runs `work` on an open, locked repository. Rejects with HoldfastError only. */
export async function withRepository<T>(access: RepositoryAccess, lock: LockKind, control: Control, work: (session: Session) => Promise<T>, options: SessionOptions = {}): Promise<T> {
  forgetZone();
  return asSentence(control.signal, async () => {
    const signal = control.signal ?? new AbortController().signal;
    const warn = control.onWarning ?? (() => undefined);
    setMaxListeners(0, signal); // each request under way listens
    signal.throwIfAborted();
    const backend = openBackend(access, warn, control.onTrace);
    try {
      options.opening?.(backend);
      const listed = lock === 'none' ? undefined : listLocks({ backend }, signal);
      listed?.catch(() => undefined); // looked at below, if the repository can be opened
      const repository = await openRepository(backend, access.password, signal, control.openedKeys);
      const memory = new RunMemory(cacheFolderOf(access, backend));
      const session = { repository, signal, warn, memory };
      if (lock === 'none') return await work({ ...session, abandonedLocks: [], alone: false, held: Promise.resolve() });
      const deadline = Date.now() + (access.lockTimeout ?? 0);
      for (let { early = false } = options, first = listed; ; early = false, first = undefined) {
        const mine = await RepositoryLock.acquire(repository, {
          exclusive: lock === 'exclusive', timeout: Math.max(0, deadline - Date.now()), signal, onWarning: warn, listed: first, memory, early,
        });
        let isRefused = false;
        let isFailed = true;
        mine.held.catch((error: unknown) => { isRefused = error instanceof HoldfastError && error.code === 'repository-locked'; });
        try {
          const result = await work({ ...session, abandonedLocks: mine.abandoned, alone: mine.alone, held: mine.held });
          isFailed = false;
          return result;
        } catch (error) {
          if (!isRefused || Date.now() >= deadline) throw error;
        } finally {
          await mine.release(isFailed ? lastPatience : undefined).catch((error: unknown) => { warn(`The lock could not be removed: ${asHoldfastError(error).message}`); });
        }
      }
    } finally {
      await backend.close();
    }
  });
}

/** The same for work without a repository that is open yet. */
export async function asSentence<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted) throw new HoldfastError('cancelled', 'Cancelled.', { cause: error });
    throw asHoldfastError(error);
  }
}

const reportEvery = 100; // ms

/** Sends progress at most ten times a second, plus a last time. */
export class ProgressReporter {
  private readonly started = Date.now();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly onProgress: ((progress: Progress) => void) | undefined,
    private readonly read: () => Omit<Progress, 'message_type' | 'seconds_elapsed' | 'percent_done' | 'seconds_remaining'>,
  ) {
    if (!onProgress) return;
    this.timer = setInterval(() => { this.report(); }, reportEvery);
    this.timer.unref();
  }

  stop(): void {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.report();
  }

  private report(): void {
    const now = this.read();
    const elapsed = (Date.now() - this.started) / 1000;
    const share = now.total_bytes ? now.bytes_done / now.total_bytes : now.total_files ? now.files_done / now.total_files : 0;
    const percent = Math.min(1, share);
    this.onProgress?.({
      message_type: 'status', seconds_elapsed: elapsed, percent_done: percent, ...now,
      ...(percent > 0.01 && percent < 1 ? { seconds_remaining: Math.round((elapsed / percent) * (1 - percent)) } : {}),
    });
  }
}
