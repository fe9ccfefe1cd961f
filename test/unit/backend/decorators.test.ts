import { describe, expect, it } from 'vitest';
import type { Backend, FileHandle, FileKind, ListedFile } from '../../../main/backup/backend/backend.js';
import { BandwidthBackend, TokenBucket } from '../../../main/backup/backend/decorators/bandwidth.js';
import { LimitedBackend } from '../../../main/backup/backend/decorators/concurrency.js';
import { LoggingBackend } from '../../../main/backup/backend/decorators/logging.js';
import { RetryBackend, type RetryOptions } from '../../../main/backup/backend/decorators/retry.js';
import { realTimer, type Timer } from '../../../main/backup/backend/decorators/time.js';
import { HoldfastError } from '../../../main/shared/errors.js';

/** Time that passes only while somebody sleeps. */
class FakeTimer implements Timer {
  time = 0;
  readonly slept: number[] = [];
  now(): number { return this.time; }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.time += ms;
    await Promise.resolve();
  }
}

/** A place that fails as told: each entry is what the next operation does. */
class ScriptedBackend implements Backend {
  readonly location = 'a place';
  calls = 0;
  running = 0;
  most = 0;
  constructor(private readonly script: (Error | null)[] = [], private readonly names: string[] = []) {}
  private async step(): Promise<void> {
    this.calls++;
    this.running++;
    this.most = Math.max(this.most, this.running);
    await new Promise((resolve) => setImmediate(resolve));
    this.running--;
    const outcome = this.script.shift();
    if (outcome) throw outcome;
  }
  create(): Promise<void> { return this.step(); }
  save(): Promise<void> { return this.step(); }
  async load(): Promise<Buffer> { await this.step(); return Buffer.alloc(500); }
  async stat(): Promise<{ size: number }> { await this.step(); return { size: 7 }; }
  remove(): Promise<void> { return this.step(); }
  async *list(_kind: FileKind): AsyncIterable<ListedFile> {
    this.calls++;
    for (const name of this.names) {
      yield { name, size: 1 };
      const outcome = this.script.shift();
      if (outcome) throw outcome;
    }
  }
  spoolFolder(): Promise<string> { return Promise.resolve('/nowhere'); }
  discardSpool(): Promise<void> { return Promise.resolve(); }
  localPath(): string | null { return '/somewhere'; }
  close(): Promise<void> { return Promise.resolve(); }
}

const file: FileHandle = { kind: 'data', name: 'ab'.repeat(32) };
const reset = (): HoldfastError => new HoldfastError('destination-failed', 'The connection broke off.');

function retrying(script: (Error | null)[], options: RetryOptions = {}, names: string[] = []) {
  const inner = new ScriptedBackend(script, names);
  const timer = new FakeTimer();
  const told: string[] = [];
  const backend = new RetryBackend(inner, { timer, random: () => 0.5, onRetry: (text) => told.push(text), ...options });
  return { inner, timer, told, backend };
}

describe('retry', () => {
  it('tries again with growing pauses, and tells', async () => {
    const { backend, inner, timer, told } = retrying([null, reset(), reset(), reset(), null]);
    await backend.stat(file);
    await backend.save(file, Buffer.alloc(3));
    expect(inner.calls).toBe(5);
    expect(timer.slept.map(Math.round)).toEqual([500, 900, 1620]);
    expect(told[0]).toBe('Saving data/abababab failed and is tried again in 0.5 s. The connection broke off.');
  });

  it('spreads the pauses by jitter and keeps them below the longest', async () => {
    for (const [random, first] of [[0, 250], [0.999, 749.5]] as const) {
      const { backend, timer } = retrying([null, reset(), null], { random: () => random });
      await backend.stat(file);
      await backend.load(file);
      expect(timer.slept[0]).toBeCloseTo(first);
    }
    const { backend, timer } = retrying([null, ...Array.from({ length: 12 }, reset), null], { total: 1e9 });
    await backend.stat(file);
    await backend.load(file);
    expect(Math.max(...timer.slept)).toBe(30_000);
  });

  it('does not repeat what cannot work the next time', async () => {
    for (const error of [
      new HoldfastError('permission-denied', 'No.'), new HoldfastError('not-found', 'No.'), new HoldfastError('destination-full', 'Full.'),
      new HoldfastError('destination-failed', 'The certificate is not trusted.', { retryable: false }), new Error('a bug'), new DOMException('stop', 'AbortError'),
    ]) {
      const { backend, inner } = retrying([error]);
      await expect(backend.load(file)).rejects.toBe(error);
      expect(inner.calls).toBe(1);
    }
  });

  it('gives up with the last error when the time is used up, sooner if nothing has ever worked', async () => {
    const never = retrying(Array.from({ length: 100 }, reset));
    await expect(never.backend.stat(file)).rejects.toThrow('The connection broke off.');
    expect(never.timer.time).toBeLessThanOrEqual(10_000);
    const once = retrying([null, ...Array.from({ length: 100 }, reset)]);
    await once.backend.stat(file);
    await expect(once.backend.remove(file)).rejects.toThrow('The connection broke off.');
    expect(once.timer.time).toBeGreaterThan(200_000);
    expect(once.timer.time).toBeLessThanOrEqual(300_000);
  });

  it('goes on with a listing that broke off, without giving a file twice', async () => {
    const { backend, inner } = retrying([null, reset(), null, null, reset(), null, null, null, null], {}, ['a', 'b', 'c', 'd']);
    const names: string[] = [];
    for await (const { name } of backend.list('data')) names.push(name);
    expect(names).toEqual(['a', 'b', 'c', 'd']);
    expect(inner.calls).toBe(3);
  });

  it('stops waiting when aborted, and when closed', async () => {
    const abort = new AbortController();
    const waiting = new RetryBackend(new ScriptedBackend([reset(), reset()]), { first: 1e8, total: 1e12, totalAtFirst: 1e12, timer: realTimer });
    const cancelled = waiting.load(file, undefined, abort.signal);
    setTimeout(() => abort.abort(), 5);
    await expect(cancelled).rejects.toThrow(/abort/i);
    const closed = waiting.load(file);
    setTimeout(() => void waiting.close(), 5);
    await expect(closed).rejects.toThrow('The connection broke off.');
  });
});

describe('concurrency limit', () => {
  it('lets so many through at once and no more, and all of them in the end', async () => {
    const inner = new ScriptedBackend(Array.from({ length: 40 }, (_, i) => (i % 7 === 0 ? reset() : null)));
    const backend = new LimitedBackend(inner, 3);
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => backend.load(file)));
    expect(inner.most).toBe(3);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(6);
  });

  it('frees the place in the queue of one that is aborted', async () => {
    const backend = new LimitedBackend(new ScriptedBackend(), 1);
    const abort = new AbortController();
    const first = backend.load(file);
    const second = backend.load(file, undefined, abort.signal);
    const third = backend.load(file);
    abort.abort();
    await expect(second).rejects.toThrow(/abort/i);
    await Promise.all([first, third]);
  });
});

describe('bandwidth limit', () => {
  it('lets a second\'s worth pass at once and then holds the rate', async () => {
    const timer = new FakeTimer();
    const bucket = new TokenBucket(1000, timer);
    await bucket.take(1000);
    expect(timer.time).toBe(0);
    for (let i = 0; i < 10; i++) await bucket.take(500);
    expect(timer.time).toBe(5000);
    timer.time += 60_000; // idle time does not pile up
    await bucket.take(1000);
    await bucket.take(1000);
    expect(timer.time).toBe(66_000);
  });

  it('limits uploads and downloads apart', async () => {
    const timer = new FakeTimer();
    const backend = new BandwidthBackend(new ScriptedBackend(), { upload: new TokenBucket(100, timer), download: new TokenBucket(250, timer) });
    await backend.save(file, Buffer.alloc(300));
    expect(timer.time).toBe(2000);
    await backend.load(file);
    expect(timer.time).toBe(3000);
    expect(backend.localPath(file)).toBe(null);
  });
});

describe('logging', () => {
  it('tells each operation, its outcome and its time', async () => {
    const lines: string[] = [];
    const backend = new LoggingBackend(new ScriptedBackend([null, reset(), null], ['a']), (line) => lines.push(line), new FakeTimer());
    await backend.save(file, Buffer.alloc(12));
    await expect(backend.load(file, { offset: 5, length: 6 })).rejects.toThrow();
    for await (const found of backend.list('index')) expect(found.name).toBe('a');
    expect(lines).toEqual([
      `save data/${file.name} (12 bytes): done (0 ms)`,
      `load data/${file.name} (6 bytes from 5): The connection broke off. (0 ms)`,
      'list index: 1 files, done (0 ms)',
    ]);
  });
});
