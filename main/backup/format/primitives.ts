/** The two algorithms that sealing is made of. */
import { createCipheriv } from 'node:crypto';
import type { Kernel } from '../wasm/kernel.js';

/** One per thread. */
export interface Primitives {
  /** AES-256-CTR of `from` into the beginning of `to`. */
  transform(key: Uint8Array, iv: Uint8Array, from: Uint8Array, to: Uint8Array): void;
  /** Poly1305. The result is overwritten by the next call. */
  authenticate(oneTimeKey: Uint8Array, message: Uint8Array): Uint8Array;
}

/** By Node and WebAssembly: everywhere. */
export function portablePrimitives(kernel: Kernel): Primitives {
  return {
    transform: (key, iv, from, to) => { to.set(createCipheriv('aes-256-ctr', key, iv).update(from)); },
    authenticate: (oneTimeKey, message) => kernel.authenticate(oneTimeKey, message),
  };
}
