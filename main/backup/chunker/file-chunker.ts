/**
 * Cuts files into chunks exactly where restic does (facts: restic/chunker, chunker.go). The file is read into the
 * kernel's memory, and a chunk is handed on as a view of it: nothing is copied but what crosses a chunk's end.
 */
import { readSync } from 'node:fs';
import type { Kernel } from '../wasm/kernel.js';

export const minChunk = 512 * 1024;
export const maxChunk = 8 * 1024 * 1024;
const averageBits = 20;
const readBytes = 512 * 1024;
/** Data is moved to the front of the buffer beyond this, so that small chunks do not touch all of it. */
const wrapAt = 3 * 1024 * 1024;

/** Fills a view with the next bytes. @returns how many, 0 at the end */
export type ReadInto = (view: Buffer) => number;

export function readFrom(descriptor: number, position = 0): ReadInto {
  let at = position;
  return (view) => {
    const count = readSync(descriptor, view, 0, view.length, at);
    at += count;
    return count;
  };
}

export class FileChunker {
  private readonly buffer: number;
  private readonly capacity = maxChunk + wrapAt + readBytes;

  constructor(private readonly kernel: Kernel, polynomial: bigint) {
    kernel.prepareChunker(polynomial);
    this.buffer = kernel.allocate(this.capacity);
  }

  /**
   * @param sizeHint the expected size, so that a small file is read in one go
   * @param onChunk gets a view that is valid only during the call; may throw to stop
   * @returns bytes read
   */
  chunk(read: ReadInto, sizeHint: number, onChunk: (chunk: Buffer) => void): number {
    let start = 0; // of the chunk, relative to the buffer
    let end = 0; // of what was read
    let searched = 0;
    let total = 0;
    for (;;) {
      if (start > 0 && end + readBytes > wrapAt) {
        this.kernel.view(this.buffer, end).copyWithin(0, start, end);
        searched -= start;
        end -= start;
        start = 0;
      }
      // one byte more than expected, so that the end of a small file is seen at once
      const wanted = total === 0 ? Math.min(Math.max(sizeHint + 1, 4096), readBytes) : readBytes;
      const count = read(this.kernel.view(this.buffer + end, wanted));
      end += count;
      total += count;
      for (;;) {
        const cut = findCut(this.kernel, this.buffer, start, end, searched);
        searched = end;
        if (cut === 0) break;
        onChunk(this.kernel.view(this.buffer + start, cut - start));
        start = cut;
        searched = start;
      }
      const finished = count === 0 || (total === sizeHint && count < wanted);
      if (!finished) continue;
      if (end > start) onChunk(this.kernel.view(this.buffer + start, end - start));
      return total;
    }
  }

  /**
   * Finds cuts without handing on data, to spread one huge file over several threads.
   * @param read starts where a chunk starts
   * @param most stop after about this many bytes
   * @returns the lengths of whole chunks; `ended` when the last one reaches the end of the file
   */
  lengths(read: ReadInto, most: number): { lengths: number[]; ended: boolean } {
    const lengths: number[] = [];
    let done = 0;
    const stop = new Error('enough');
    try {
      this.chunk(read, Number.MAX_SAFE_INTEGER, (chunk) => {
        lengths.push(chunk.length);
        done += chunk.length;
        if (done >= most) throw stop;
      });
    } catch (error) {
      if (error !== stop) throw error;
      return { lengths, ended: false };
    }
    return { lengths, ended: true };
  }

  /** Reads up to `length` bytes (at most `maxChunk`) as one chunk. The view is valid until the next call. */
  fill(read: ReadInto, length: number): Buffer {
    let done = 0;
    while (done < length) {
      const count = read(this.kernel.view(this.buffer + done, length - done));
      if (count === 0) break;
      done += count;
    }
    return this.kernel.view(this.buffer, done);
  }
}

/**
 * Searches from the later of `searched` and the smallest size on; positions are relative to `buffer`.
 * @returns where the chunk that starts at `start` ends, 0 while that is not known
 */
function findCut(kernel: Kernel, buffer: number, start: number, end: number, searched: number): number {
  const from = Math.max(start + minChunk, searched);
  const to = Math.min(end, start + maxChunk);
  if (to < from) return 0;
  const found = kernel.searchCut(buffer + from, buffer + to, averageBits);
  if (found !== 0) return found - buffer;
  return to === start + maxChunk ? to : 0;
}

/** The same for data that arrives by itself. */
export class StreamChunker {
  private readonly buffer: number;
  private end = 0;
  private searched = 0;

  constructor(private readonly kernel: Kernel, polynomial: bigint) {
    kernel.prepareChunker(polynomial);
    this.buffer = kernel.allocate(maxChunk);
  }

  /** @yields chunks that are complete; each is a copy */
  *push(piece: Uint8Array): Iterable<Buffer<ArrayBuffer>> {
    for (let at = 0; at < piece.length;) {
      const count = Math.min(piece.length - at, maxChunk - this.end);
      this.kernel.view(this.buffer + this.end, count).set(piece.subarray(at, at + count));
      this.end += count;
      at += count;
      for (;;) {
        const cut = findCut(this.kernel, this.buffer, 0, this.end, this.searched);
        this.searched = this.end;
        if (cut === 0) break;
        yield this.take(cut);
      }
    }
  }

  /** What is left at the end; null when nothing is. */
  finish(): Buffer<ArrayBuffer> | null {
    return this.end > 0 ? this.take(this.end) : null;
  }

  private take(length: number): Buffer<ArrayBuffer> {
    const chunk = Buffer.from(this.kernel.view(this.buffer, length));
    this.kernel.view(this.buffer, this.end).copyWithin(0, length, this.end);
    this.end -= length;
    this.searched = 0;
    return chunk;
  }
}
