/**
 * The system's own libzstd, where there is one (nearly every Linux, many Macs). It works in buffers of ours and keeps its
 * context from blob to blob, which makes it a third faster than the packages: small files above all.
 */
import { createRequire } from 'node:module';
import { parametersFor, type Tuning } from './tuning.js';

type Native = (...args: unknown[]) => number;
interface Koffi {
  load(name: string): { func(declaration: string): Native };
}

export interface SystemZstd {
  /** The result is valid until the next call. */
  compress(bytes: Uint8Array): Uint8Array;
  /** @throws Error when the content is broken or larger than `limit` */
  decompress(bytes: Uint8Array, limit: number): Buffer;
}

const names = process.platform === 'darwin'
  ? ['/opt/homebrew/lib/libzstd.1.dylib', '/usr/local/lib/libzstd.1.dylib'] : ['libzstd.so.1'];
/** Versions before this lack what is needed, or have faults. */
const oldest = 10_400;

interface Library {
  readonly estimate: Native;
  readonly initCompression: Native;
  readonly set: Native;
  readonly compress: Native;
  readonly initDecompression: Native;
  readonly decompressionSize: Native;
  readonly decompress: Native;
  readonly bound: Native;
  readonly isError: Native;
}

let loaded: Library | null | undefined;

function load(): Library | null {
  if (loaded !== undefined) return loaded;
  loaded = null;
  for (const name of names) {
    try {
      const lib = (createRequire(import.meta.url)('koffi') as Koffi).load(name);
      if (lib.func('unsigned int ZSTD_versionNumber()')() < oldest) continue;
      loaded = {
        estimate: lib.func('size_t ZSTD_estimateCCtxSize(int level)'),
        initCompression: lib.func('intptr_t ZSTD_initStaticCCtx(void *workspace, size_t size)'),
        set: lib.func('size_t ZSTD_CCtx_setParameter(void *context, int parameter, int value)'),
        compress: lib.func('size_t ZSTD_compress2(void *context, void *to, size_t room, void *from, size_t size)'),
        initDecompression: lib.func('intptr_t ZSTD_initStaticDCtx(void *workspace, size_t size)'),
        decompressionSize: lib.func('size_t ZSTD_estimateDCtxSize()'),
        decompress: lib.func('size_t ZSTD_decompressDCtx(void *context, void *to, size_t room, void *from, size_t size)'),
        bound: lib.func('size_t ZSTD_compressBound(size_t size)'),
        isError: lib.func('unsigned int ZSTD_isError(size_t code)'),
      };
      break;
    } catch {
      // not there, or without these functions
    }
  }
  return loaded;
}

/** Room for results up to this size is kept; larger ones get their own. */
const kept = 8 * 1024 * 1024;

/** Results up to this size share memory with others: trees and small files. */
const pooled = 4096;

/**
 * @param reuse what is decompressed is valid until the next call
 * @returns null where the library is missing or too old
 */
export function openSystemZstd(tuning: Tuning, reuse: boolean): SystemZstd | null {
  const lib = load();
  if (!lib) return null;
  // contexts live in memory of ours, so that they end with this thread and nothing leaks
  let forCompression: Buffer | null = null;
  let forDecompression: Buffer | null = null;
  let room = Buffer.alloc(0);
  let plainRoom = Buffer.alloc(0);
  let set: Tuning['small'] | null = null;

  function tune(library: Library, context: Buffer, wanted: Tuning['small']): void {
    if (set === wanted) return;
    for (const [parameter, value] of wanted) {
      if (library.isError(library.set(context, parameter, value)) !== 0) throw new Error(`libzstd refuses parameter ${parameter}`);
    }
    set = wanted;
  }

  function compressionContext(library: Library): Buffer {
    const workspace = Buffer.allocUnsafeSlow(library.estimate(tuning.needs));
    if (Number(library.initCompression(workspace, workspace.length)) === 0) throw new Error('libzstd refuses its workspace');
    return workspace;
  }

  function decompressionContext(library: Library): Buffer {
    const workspace = Buffer.allocUnsafeSlow(library.decompressionSize());
    if (Number(library.initDecompression(workspace, workspace.length)) === 0) throw new Error('libzstd refuses its workspace');
    return workspace;
  }

  function roomFor(size: number): Buffer {
    if (!reuse || size > kept) return size <= pooled ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
    if (plainRoom.length < size) plainRoom = Buffer.allocUnsafeSlow(Math.min(kept, size * 2));
    return plainRoom;
  }

  return {
    compress(bytes) {
      forCompression ??= compressionContext(lib);
      const most = lib.bound(bytes.length);
      if (room.length < most) room = Buffer.allocUnsafeSlow(most <= kept ? Math.min(kept + 65536, most * 2) : most);
      tune(lib, forCompression, parametersFor(tuning, bytes.length));
      const size = lib.compress(forCompression, room, room.length, bytes, bytes.length);
      if (lib.isError(size) !== 0) throw new Error('libzstd cannot compress');
      return room.subarray(0, size);
    },
    decompress(bytes, limit) {
      forDecompression ??= decompressionContext(lib);
      const out = roomFor(limit);
      const size = lib.decompress(forDecompression, out, limit, bytes, bytes.length);
      if (lib.isError(size) !== 0) throw new Error('the compressed content is broken');
      return out.subarray(0, size);
    },
  };
}
