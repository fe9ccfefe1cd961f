/**
 * Bytes per second, by a token bucket: a second's worth may go at once, then the rate holds. Backends that stream take tokens piece by piece
 * (`Throttle`), so that the line is used evenly; `BandwidthBackend` does it per file for those that do not stream.
 */
import type { Backend, FileHandle, Spool } from '../backend.js';
import { Decorator } from './decorator.js';
import { realTimer, type Timer } from './time.js';

/** Waits until `bytes` may pass. */
export interface Throttle {
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

export class TokenBucket implements Throttle {
  /** When the bucket would be full again if nobody took anything more, ms. */
  private fullAt: number;

  /** @param rate bytes per second */
  constructor(private readonly rate: number, private readonly timer: Timer = realTimer) {
    this.fullAt = timer.now();
  }

  /** Takes at once and waits for the debt: whoever comes later waits longer, so that the order is kept. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const now = this.timer.now();
    this.fullAt = Math.max(this.fullAt, now) + (bytes / this.rate) * 1000;
    const wait = this.fullAt - 1000 - now;
    if (wait > 0) await this.timer.sleep(wait, signal);
  }
}

export interface Throttles {
  readonly upload?: Throttle | undefined;
  readonly download?: Throttle | undefined;
}

/** @param limits bytes per second */
export function throttles(limits: { upload?: number | undefined; download?: number | undefined }, timer: Timer = realTimer): Throttles {
  return {
    upload: limits.upload === undefined ? undefined : new TokenBucket(limits.upload, timer),
    download: limits.download === undefined ? undefined : new TokenBucket(limits.download, timer),
  };
}

/** For backends that do not stream: a file waits for its bytes before it is saved, and after it was loaded. */
export class BandwidthBackend extends Decorator {
  constructor(inner: Backend, private readonly limits: Throttles) {
    super(inner);
  }

  override async save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    await this.limits.upload?.take(content instanceof Uint8Array ? content.length : content.size, signal);
    await this.inner.save(file, content, signal);
  }

  override async load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer> {
    const bytes = await this.inner.load(file, range, signal);
    await this.limits.download?.take(bytes.length, signal);
    return bytes;
  }

  /** Opening the file would go past the limit. */
  override localPath(file: FileHandle): string | null {
    return this.limits.download === undefined ? this.inner.localPath(file) : null;
  }
}
