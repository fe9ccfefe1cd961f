/** Many small reads or writes under way at once: over a line with latency one after another would be slow. */
import { open } from 'node:fs/promises';
import type { Stats } from 'ssh2';
import { pooled } from '../../pooled.js';
import { isSpool, type Spool } from '../backend.js';
import type { Throttle } from '../decorators/bandwidth.js';
import { sizeOf } from '../remote/body.js';
import type { Channel, Done } from './channel.js';
import { status, statusOf } from './errors.js';

/** What every server takes in one message. */
const piece = 32 * 1024;
const underWay = 64;
/** A spool file is read in pieces of this size. */
const readAhead = 1024 * 1024;

function* ranges(offset: number, length: number, step: number): Iterable<{ offset: number; length: number }> {
  for (let at = 0; at < length; at += step) yield { offset: offset + at, length: Math.min(step, length - at) };
}

export interface Writing {
  readonly throttle: Throttle | undefined;
  /** Asked for together with the last of it, instead of syncing. */
  readonly andAtOnce?: () => Promise<void>;
}

/** Writes a new file, syncs it and closes it. */
export async function writeFile(sftp: Channel, handle: Buffer, content: Uint8Array | Spool, { throttle, andAtOnce }: Writing, signal?: AbortSignal): Promise<void> {
  const isSmall = !isSpool(content) && content.length <= piece && !throttle;
  const close = (): Promise<void> => sftp.ask((raw, done) => raw.close(handle, (error) => done(error, undefined)));
  if (!isSmall) {
    await writeAll(sftp, handle, content, throttle, signal).catch((error: unknown) => {
      close().catch(() => undefined);
      throw error;
    });
  }
  // a server does what it is asked in that order, so that these need not wait for each other
  const asked = [...(isSmall && content.length > 0 ? [write(sftp, handle, content)] : []), ...(andAtOnce ? [] : [sync(sftp, handle)]), close()];
  const outcomes = await Promise.allSettled(andAtOnce ? [...asked, andAtOnce()] : asked);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

/** In one message. */
function write(sftp: Channel, handle: Buffer, bytes: Uint8Array): Promise<void> {
  return sftp.ask((raw, done) => raw.write(handle, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, 0, (error) => done(error, undefined)));
}

/** Not every server can; then its word on closing has to do. */
async function sync(sftp: Channel, handle: Buffer): Promise<void> {
  try {
    await sftp.ask<unknown>((raw, done) => raw.ext_openssh_fsync(handle, done));
  } catch (error) {
    if (statusOf(error) !== status.unsupported && !lacksExtension(error)) throw error;
  }
}

export function lacksExtension(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not support this extended request');
}

async function writeAll(sftp: Channel, handle: Buffer, content: Uint8Array | Spool, throttle: Throttle | undefined, signal?: AbortSignal): Promise<void> {
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

/** A whole file. Most are small: what there is comes together with its size. @returns null when it becomes shorter meanwhile */
export async function readFile(sftp: Channel, handle: Buffer, throttle: Throttle | undefined, signal?: AbortSignal): Promise<Buffer | null> {
  const [{ size }, beginning] = await Promise.all([
    sftp.ask<Stats>((raw, done) => raw.fstat(handle, done)), throttle ? Buffer.alloc(0) : readPiece(sftp, handle, Buffer.allocUnsafe(piece), 0),
  ]);
  if (beginning.length >= size) return beginning.subarray(0, size);
  const rest = await readRange(sftp, handle, beginning.length, size - beginning.length, throttle, signal);
  return rest && Buffer.concat([beginning, rest]);
}

/** One message. @returns what came, which may be less than fits into `into`, and is nothing at the file's end */
async function readPiece(sftp: Channel, handle: Buffer, into: Buffer, position: number): Promise<Buffer> {
  const count = await sftp.ask((raw, answer: Done<number>) => raw.read(handle, into, 0, into.length, position, (error, read) => answer(isEnd(error) ? null : error, isEnd(error) ? 0 : read)));
  return into.subarray(0, count);
}

/** @returns the bytes, or null when the file ends before */
export async function readRange(sftp: Channel, handle: Buffer, offset: number, length: number, throttle: Throttle | undefined, signal?: AbortSignal): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafe(length);
  let ended = false;
  await pooled(ranges(offset, length, piece), underWay, async (range) => {
    for (let done = 0; done < range.length && !ended;) {
      signal?.throwIfAborted();
      const at = range.offset - offset + done;
      const { length: count } = await readPiece(sftp, handle, bytes.subarray(at, at + range.length - done), range.offset + done);
      if (count === 0) ended = true;
      await throttle?.take(count, signal);
      done += count;
    }
  });
  return ended ? null : bytes;
}

export interface FolderEntry {
  readonly filename: string;
  readonly attrs: Stats;
}

/** Questions for more names that are asked at once. A server gives about a hundred with each, and then says that there are no more. */
const questionsAtOnce = 2;

/** @returns nothing for a folder that is not there */
export async function readFolder(sftp: Channel, folder: string): Promise<FolderEntry[]> {
  let handle: Buffer;
  try {
    handle = await sftp.ask<Buffer>((raw, done) => raw.opendir(folder, done));
  } catch (error) {
    if (statusOf(error) === status.noSuchFile) return [];
    throw error;
  }
  const entries: FolderEntry[] = [];
  const more = (): Promise<FolderEntry[]> => sftp.ask<FolderEntry[]>((raw, done) => raw.readdir(handle, (error, list) => done(isEnd(error) ? null : error, isEnd(error) ? [] : list)));
  try {
    for (let isEnded = false; !isEnded;) {
      for (const list of await Promise.all(Array.from({ length: questionsAtOnce }, more))) {
        entries.push(...list);
        isEnded ||= list.length === 0;
      }
    }
  } finally {
    sftp.tell((raw, ignore) => raw.close(handle, ignore));
  }
  return entries;
}

/** Status 1 of the protocol. */
function isEnd(error: Error | null | undefined): boolean {
  return error !== undefined && error !== null && 'code' in error && error.code === 1;
}
