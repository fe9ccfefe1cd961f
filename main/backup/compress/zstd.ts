/**
 * Zstandard, synchronously: the system's library where there is one, node:zlib where it has it (Node 22.15 and newer), else a native package.
 * Nothing is decompressed before the frame has said how large it gets, so that a bomb stays small.
 */
import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import type { CompressionMode } from '../types.js';
import { damaged } from '../format/damage.js';
import { openSystemZstd } from './libzstd.js';
import { parametersFor, tunings } from './tuning.js';

interface Codec {
  compress(bytes: Uint8Array): Uint8Array;
}

interface ZstdModule {
  Encoder: new (level: number) => { encodeSync(data: Buffer): Buffer };
  Decoder: new () => { decodeSync(data: Buffer): Buffer };
}

interface ZlibZstd {
  zstdCompressSync(bytes: Uint8Array, options: { params: Record<number, number>; pledgedSrcSize?: number }): Buffer;
  zstdDecompressSync(bytes: Uint8Array, options: { maxOutputLength: number }): Buffer;
}

/** The types this code is checked against are Node 20's, which does not know of these. */
function builtin(): ZlibZstd | null {
  const candidate: Partial<ZlibZstd> = zlib as object;
  const { zstdCompressSync, zstdDecompressSync } = candidate;
  return zstdCompressSync && zstdDecompressSync ? { zstdCompressSync, zstdDecompressSync } : null;
}

let native: ZstdModule | undefined;
function nativeModule(): ZstdModule {
  native ??= createRequire(import.meta.url)('@toondepauw/node-zstd') as ZstdModule;
  return native;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One per thread. */
export class Zstd {
  private readonly codec: Codec | null;
  private readonly decoder: (bytes: Uint8Array, limit: number) => Buffer;

  /** @param reuse what is decompressed is valid until the next call */
  constructor(mode: CompressionMode = 'auto', reuse = false) {
    const tuning = tunings[mode === 'off' ? 'auto' : mode];
    const system = openSystemZstd(tuning, reuse);
    const inNode = builtin();
    let compress: (bytes: Uint8Array) => Uint8Array;
    if (system) {
      compress = (bytes) => system.compress(bytes);
      this.decoder = (bytes, limit) => system.decompress(bytes, limit);
    } else if (inNode) {
      compress = (bytes) => inNode.zstdCompressSync(bytes, { params: Object.fromEntries(parametersFor(tuning, bytes.length)), pledgedSrcSize: bytes.length });
      this.decoder = (bytes, limit) => inNode.zstdDecompressSync(bytes, { maxOutputLength: Math.max(limit, 1) });
    } else {
      const encoder = new (nativeModule().Encoder)(tuning.needs);
      const decoder = new (nativeModule().Decoder)();
      compress = (bytes) => encoder.encodeSync(asBuffer(bytes));
      this.decoder = (bytes) => decoder.decodeSync(asBuffer(bytes));
    }
    this.codec = mode === 'off' ? null : { compress };
  }

  get enabled(): boolean {
    return this.codec !== null;
  }

  /** The result is valid until the next call. @throws when `mode` is off: ask `enabled` first */
  compress(bytes: Uint8Array): Uint8Array {
    if (!this.codec) throw new Error('compression is off');
    return this.codec.compress(bytes);
  }

  /**
   * @param limit the most bytes that may come out
   * @throws `repository-damaged`
   */
  decompress(bytes: Uint8Array, limit: number, what: string): Buffer {
    const bound = frameBound(bytes);
    if (bound === null) throw damaged(what, 'its compressed content is broken');
    if (bound.size > (bound.exact ? limit : limit * blockSlack + 8 * largestBlock)) throw damaged(what, 'it would decompress to more than it may');
    try {
      return this.decoder(bytes, Math.min(limit, bound.size));
    } catch (cause) {
      throw damaged(what, 'its compressed content is broken', cause);
    }
  }
}

const largestBlock = 128 * 1024;
/** A frame that does not say its size is judged by its number of blocks, and blocks need not be full. */
const blockSlack = 4;
const magic = 0xfd2fb528;

/**
 * How large a frame gets at most, from its headers alone (RFC 8878, 3.1.1). `exact` when the frame itself says its size.
 * @returns null for anything but exactly one whole frame
 */
export function frameBound(bytes: Uint8Array): { size: number; exact: boolean } | null {
  const b = asBuffer(bytes);
  if (b.length < 6 || b.readUInt32LE(0) !== magic) return null;
  const descriptor = b[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const checksum = (descriptor & 0x04) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 2 ** sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = 5 + (single ? 0 : 1) + dictionaryBytes;
  if (at + sizeBytes > b.length) return null;
  let exact: number | null = null;
  if (sizeBytes === 1) exact = b.readUInt8(at);
  else if (sizeBytes === 2) exact = b.readUInt16LE(at) + 256;
  else if (sizeBytes === 4) exact = b.readUInt32LE(at);
  else if (sizeBytes === 8) exact = Number(b.readBigUInt64LE(at));
  at += sizeBytes;
  let bound = 0;
  for (;;) {
    if (at + 3 > b.length) return null;
    const header = b.readUIntLE(at, 3);
    const size = header >> 3;
    const type = (header >> 1) & 3;
    if (type === 3) return null;
    bound += type === 2 ? largestBlock : size;
    at += 3 + (type === 1 ? 1 : size);
    if (header & 1) break;
  }
  if (checksum) at += 4;
  if (at !== b.length) return null;
  return exact === null ? { size: bound, exact: false } : { size: exact, exact: true };
}
