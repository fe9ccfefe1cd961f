/** At most so many operations at once; the others wait their turn, first come first served. */
import type { Backend, FileHandle, Spool } from '../backend.js';
import { Decorator } from './decorator.js';

export class Semaphore {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async with<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.take(signal);
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }

  private take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.free > 0) {
      this.free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const mine = (): void => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        this.waiting.splice(this.waiting.indexOf(mine), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new DOMException('The operation was aborted.', 'AbortError'));
      };
      this.waiting.push(mine);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }
}

/**
 * Limits saves, loads, stats and removals together. Listings are not counted: one stays open while its consumer loads the files it names,
 * and would wait for itself.
 */
export class LimitedBackend extends Decorator {
  private readonly slots: Semaphore;

  constructor(inner: Backend, connections: number) {
    super(inner);
    this.slots = new Semaphore(connections);
  }

  override save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    return this.slots.with(() => this.inner.save(file, content, signal), signal);
  }

  override load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer> {
    return this.slots.with(() => this.inner.load(file, range, signal), signal);
  }

  override stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }> {
    return this.slots.with(() => this.inner.stat(file, signal), signal);
  }

  override remove(file: FileHandle, signal?: AbortSignal): Promise<void> {
    return this.slots.with(() => this.inner.remove(file, signal), signal);
  }
}
