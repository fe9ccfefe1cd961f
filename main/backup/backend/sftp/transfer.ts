/** Many small reads or writes under way at once: over a line with latency one after another would be slow. */
import { open } from 'node:fs/promises';
import { isSpool, type Spool } from '../backend.js';
import type { Throttle } from '../decorators/bandwidth.js';
import { sizeOf } from '../remote/body.js';
import type { Channel, Done } from './channel.js';

/** What every server takes in one message. */
const piece = 32 * 1024;
const underWay = 64;
/** A spool file is read in pieces of this size. */
const readAhead = 1024 * 1024;

/** Does `work` for each item, at most so many at a time; the first failure ends it once those under way have ended. */
export async function pooled<T>(items: Iterable<T>, limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed) {
      const next = iterator.next();
      if (next.done === true) return;
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

function* ranges(offset: number, length: number, step: number): Iterable<{ offset: number; length: number }> {
  for (let at = 0; at < length; at += step) yield { offset: offset + at, length: Math.min(step, length - at) };
}

export async function writeAll(sftp: Channel, handle: Buffer, content: Uint8Array | Spool, throttle: Throttle | undefined, signal?: AbortSignal): Promise<void> {
  const write = (bytes: Buffer, from: number): Promise<void> => pooled(ranges(0, bytes.length, piece), underWay, async (range) => {
    signal?.throwIfAborted();
    await throttle?.take(range.length, signal);
    await sftp.ask((raw, done: Done<void>) => raw.write(handle, bytes, range.offset, range.length, from + range.offset, (error) => done(error, undefined)));
  });
  if (!isSpool(content)) return write(Buffer.from(content.buffer, content.byteOffset, content.byteLength), 0);
  const source = await open(content.path, 'r');
  try {
    // two pieces in turn: one is read while the other is on its way
    let onItsWay: Promise<void> = Promise.resolve();
    for (const { offset, length } of ranges(0, sizeOf(content), readAhead)) {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await source.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new Error(`${content.path} became shorter while it was read`);
        done += bytesRead;
      }
      await onItsWay;
      onItsWay = write(bytes, offset);
      onItsWay.catch(() => undefined); // awaited in the next round
    }
    await onItsWay;
  } finally {
    await source.close();
  }
}

/** @returns the bytes, or null when the file ends before */
export async function readRange(sftp: Channel, handle: Buffer, offset: number, length: number, throttle: Throttle | undefined, signal?: AbortSignal): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafe(length);
  let ended = false;
  await pooled(ranges(offset, length, piece), underWay, async (range) => {
    for (let done = 0; done < range.length && !ended;) {
      signal?.throwIfAborted();
      const count = await sftp.ask((raw, answer: Done<number>) => raw.read(handle, bytes, range.offset - offset + done, range.length - done, range.offset + done, (error, read) => answer(isEnd(error) ? null : error, isEnd(error) ? 0 : read)));
      if (count === 0) ended = true;
      await throttle?.take(count, signal);
      done += count;
    }
  });
  return ended ? null : bytes;
}

/** Status 1 of the protocol. */
function isEnd(error: Error | undefined): boolean {
  return error !== undefined && 'code' in error && error.code === 1;
}
