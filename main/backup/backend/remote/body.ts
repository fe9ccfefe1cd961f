/** Content on its way out and in, at the speed that is allowed. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { isSpool, type Spool } from '../backend.js';
import type { Throttle } from '../decorators/bandwidth.js';

const piece = 64 * 1024;

export function sizeOf(content: Uint8Array | Spool): number {
  return isSpool(content) ? content.size : content.length;
}

/** The content as a stream that waits for its turn. It cannot be rewound: make a new one for each attempt. */
export function bodyStream(content: Uint8Array | Spool, throttle: Throttle | undefined, signal?: AbortSignal): Readable {
  const source = isSpool(content) ? createReadStream(content.path, { highWaterMark: 4 * piece }) : pieces(content);
  if (!throttle) return source instanceof Readable ? source : Readable.from(source, { objectMode: false });
  const paced = async function* (): AsyncIterable<Uint8Array> {
    for await (const part of source as AsyncIterable<Buffer>) {
      for (const small of pieces(part)) {
        await throttle.take(small.length, signal);
        yield small;
      }
    }
  };
  return Readable.from(paced(), { objectMode: false });
}

function* pieces(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}

/** Reads a stream to its end. @param expected bytes, where known: fewer mean that the connection broke off */
export async function readAll(stream: AsyncIterable<Uint8Array>, throttle: Throttle | undefined, expected: number | null, signal?: AbortSignal): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    if (throttle) await throttle.take(part.length, signal);
    parts.push(part);
    size += part.length;
  }
  if (expected !== null && size < expected) throw Object.assign(new Error('the answer is too short'), { code: 'ECONNRESET' });
  return Buffer.concat(parts, size);
}
