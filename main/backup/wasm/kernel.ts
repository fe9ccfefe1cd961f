/**
 * The WebAssembly kernel: Rabin chunking and Poly1305 over one linear memory, one instance per thread.
 * Big buffers live inside that memory, so that data is chunked and authenticated where it was read.
 */
import { readFileSync } from 'node:fs';
import { HoldfastError } from '../../shared/errors.js';
import { builtFile } from '../workers/built.js';

const pageBytes = 65536;
const scratchBytes = 65536;

interface Exports {
  readonly memory: WebAssembly.Memory;
  prepare(polynomial: bigint): void;
  search(from: number, to: number, bits: bigint): number;
  keyAddress(): number;
  tagAddress(): number;
  begin(): void;
  update(from: number, length: number): void;
  finish(): void;
}

function isKernel(exports: object): exports is Exports {
  return 'memory' in exports && exports.memory instanceof WebAssembly.Memory
    && ['prepare', 'search', 'keyAddress', 'tagAddress', 'begin', 'update', 'finish'].every((name) => name in exports);
}

let compiled: WebAssembly.Module | undefined;

export class Kernel {
  private readonly wasm: Exports;
  private bytes: Buffer;
  private top: number;
  private readonly scratch: number;
  private readonly key: number;
  private readonly tag: number;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(builtFile(import.meta.url, './kernel.wasm')));
    const { exports } = new WebAssembly.Instance(compiled, {});
    if (!isKernel(exports)) throw new HoldfastError('internal', 'The program is incomplete: its WebAssembly is not the one it was built with. Install it again.');
    this.wasm = exports;
    this.bytes = Buffer.from(this.wasm.memory.buffer);
    this.top = this.bytes.length;
    this.key = this.wasm.keyAddress();
    this.tag = this.wasm.tagAddress();
    this.scratch = this.allocate(scratchBytes);
  }

  /**
   * Reserves memory for good. Views made before are detached by this, so allocate everything first.
   * @returns the address
   */
  allocate(size: number): number {
    const address = this.top;
    this.top += Math.ceil(size / 64) * 64;
    const missing = this.top - this.wasm.memory.buffer.byteLength;
    if (missing > 0) this.wasm.memory.grow(Math.ceil(missing / pageBytes));
    this.bytes = Buffer.from(this.wasm.memory.buffer);
    return address;
  }

  view(address: number, length: number): Buffer {
    return this.bytes.subarray(address, address + length);
  }

  /** Sets the chunker's polynomial. */
  prepareChunker(polynomial: bigint): void {
    this.wasm.prepare(polynomial);
  }

  /** See `search` in the assembly. @returns an address, 0 for none */
  searchCut(from: number, to: number, bits: number): number {
    return this.wasm.search(from, to, BigInt(bits)) >>> 0;
  }

  /** Poly1305. The result is overwritten by the next call. */
  authenticate(oneTimeKey: Uint8Array, message: Uint8Array): Buffer {
    this.bytes.set(oneTimeKey, this.key);
    this.wasm.begin();
    for (let at = 0; at < message.length; at += scratchBytes) {
      const piece = message.subarray(at, at + scratchBytes);
      this.bytes.set(piece, this.scratch);
      this.wasm.update(this.scratch, piece.length);
    }
    this.wasm.finish();
    return this.bytes.subarray(this.tag, this.tag + 16);
  }
}
