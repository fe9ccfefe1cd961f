/**
 * Tries again what may work the next time: exponential backoff with jitter, for errors that say they are retryable, until a total time is
 * used up. Saving a file again is safe: it replaces the same file with the same content.
 */
import { HoldfastError } from '../../../shared/errors.js';
import type { Backend, FileHandle, FileKind, ListedFile, Spool } from '../backend.js';
import { Decorator } from './decorator.js';
import { realTimer, type Timer } from './time.js';

export interface RetryOptions {
  /** Milliseconds after the first failure; each later pause is `factor` times as long, at most `longest`. Defaults 500, 1.8, 30,000. */
  readonly first?: number;
  readonly factor?: number;
  readonly longest?: number;
  /** An operation that has failed for this long (ms) fails for good. Default 5 minutes. */
  readonly total?: number;
  /**
   * The same before anything has worked at all: then it is rather the address than the network that is wrong, and somebody
   * waits for an answer. Default 10 s.
   */
  readonly totalAtFirst?: number;
  readonly timer?: Timer;
  /** 0 (inclusive) to 1. */
  readonly random?: () => number;
  /** Told of each failure that is tried again. */
  readonly onRetry?: ((text: string, error: HoldfastError) => void) | undefined;
}

/** More space does not appear within minutes: that is for the next run to try. */
function worthTrying(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.retryable && error.code !== 'destination-full' && error.code !== 'repository-locked';
}

export class RetryBackend extends Decorator {
  private everWorked = false;
  private readonly closing = new AbortController();
  private readonly timer: Timer;
  private readonly random: () => number;

  constructor(inner: Backend, private readonly options: RetryOptions = {}) {
    super(inner);
    this.timer = options.timer ?? realTimer;
    this.random = options.random ?? Math.random;
  }

  override create(): Promise<void> {
    return this.again('Making the repository', () => this.inner.create());
  }

  override save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    return this.again(`Saving ${nameOf(file)}`, () => this.inner.save(file, content, signal), signal);
  }

  override load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer> {
    return this.again(`Reading ${nameOf(file)}`, () => this.inner.load(file, range, signal), signal);
  }

  override stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }> {
    return this.again(`Looking for ${nameOf(file)}`, () => this.inner.stat(file, signal), signal);
  }

  override remove(file: FileHandle, signal?: AbortSignal): Promise<void> {
    return this.again(`Removing ${nameOf(file)}`, () => this.inner.remove(file, signal), signal);
  }

  /** A listing that breaks off begins anew; what was given out already is not given out again. */
  override async *list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile> {
    const given = new Set<string>();
    const attempts = new Attempts(this.options, this.timer);
    for (;;) {
      try {
        for await (const file of this.inner.list(kind, signal)) {
          this.everWorked = true;
          if (given.has(file.name)) continue;
          given.add(file.name);
          attempts.progress();
          yield file;
        }
        this.everWorked = true;
        return;
      } catch (error) {
        await this.pause(`Listing ${kind}`, attempts, error, signal);
      }
    }
  }

  override async close(): Promise<void> {
    this.closing.abort();
    await this.inner.close();
  }

  private async again<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const attempts = new Attempts(this.options, this.timer);
    for (;;) {
      try {
        const result = await work();
        this.everWorked = true;
        return result;
      } catch (error) {
        // an answer such as "there is no such file" proves that the place works
        if (error instanceof HoldfastError && error.code === 'not-found') this.everWorked = true;
        await this.pause(what, attempts, error, signal);
      }
    }
  }

  /** Waits before the next attempt. @throws the error itself when there shall be none */
  private async pause(what: string, attempts: Attempts, error: unknown, signal?: AbortSignal): Promise<void> {
    if (!worthTrying(error)) throw error;
    signal?.throwIfAborted();
    const delay = attempts.next(this.random(), this.everWorked);
    if (delay === null || this.closing.signal.aborted) throw error;
    this.options.onRetry?.(`${what} failed and is tried again in ${(delay / 1000).toFixed(1)} s. ${error.message}`, error);
    const stop = signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal;
    await this.timer.sleep(delay, stop).catch((reason: unknown) => {
      if (this.closing.signal.aborted) throw error;
      throw reason;
    });
  }
}

/** The pauses of one operation. */
class Attempts {
  private failures = 0;
  private failingSince: number | null = null;

  constructor(private readonly options: RetryOptions, private readonly timer: Timer) {}

  /** Something came through: patience begins anew. */
  progress(): void {
    this.failures = 0;
    this.failingSince = null;
  }

  /** @returns milliseconds to wait, or null when the time is used up. */
  next(random: number, everWorked: boolean): number | null {
    const { first = 500, factor = 1.8, longest = 30_000, total = 300_000, totalAtFirst = 10_000 } = this.options;
    const now = this.timer.now();
    this.failingSince ??= now;
    const bare = Math.min(longest, first * factor ** this.failures++);
    const delay = bare * (0.5 + random); // half to one and a half: many clients of one server must not come back together
    const limit = everWorked ? total : Math.min(total, totalAtFirst);
    return now + delay - this.failingSince > limit ? null : delay;
  }
}

function nameOf(file: FileHandle): string {
  return file.kind === 'config' ? 'the config file' : `${file.kind}/${file.name.slice(0, 8)}`;
}
