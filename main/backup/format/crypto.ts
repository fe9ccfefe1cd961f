/**
 * restic's authenticated encryption: AES-256-CTR, then Poly1305-AES over the ciphertext.
 * Sealed bytes are: 16 bytes IV, ciphertext, 16 bytes MAC (facts: restic doc/design.rst, "Keys, Encryption and MAC").
 */
import { createCipheriv, createDecipheriv, randomFillSync, timingSafeEqual } from 'node:crypto';
import type { Cipher } from 'node:crypto';
import type { Kernel } from '../wasm/kernel.js';
import { damaged } from './damage.js';

export const ivBytes = 16;
export const macBytes = 16;
export const overhead = ivBytes + macBytes;

export interface KeyMaterial {
  /** AES-256, 32 bytes. */
  readonly encrypt: Uint8Array;
  /** AES-128 key of the MAC, 16 bytes. */
  readonly macK: Uint8Array;
  /** Poly1305's r, 16 bytes. */
  readonly macR: Uint8Array;
}

/** One per thread and key. Not safe for use from two threads, like its kernel. */
export class Sealer {
  private readonly macCipher: Cipher;
  private readonly oneTimeKey = Buffer.alloc(32);
  private readonly random = Buffer.alloc(4096);
  private randomLeft = 0;

  constructor(private readonly keys: KeyMaterial, private readonly kernel: Kernel) {
    this.macCipher = createCipheriv('aes-128-ecb', keys.macK, null);
    this.macCipher.setAutoPadding(false);
    this.oneTimeKey.set(keys.macR, 0);
  }

  seal(plain: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafe(plain.length + overhead);
    const iv = this.iv();
    sealed.set(iv, 0);
    sealed.set(createCipheriv('aes-256-ctr', this.keys.encrypt, iv).update(plain), ivBytes);
    const end = ivBytes + plain.length;
    sealed.set(this.kernel.authenticateBytes(this.keyFor(iv), sealed.subarray(ivBytes, end)), end);
    return sealed;
  }

  /** Seals straight into the kernel's memory, where `plain.length + overhead` bytes must be free. */
  sealAt(plain: Uint8Array, address: number): void {
    const iv = this.iv();
    const end = ivBytes + plain.length;
    const sealed = this.kernel.view(address, plain.length + overhead);
    sealed.set(iv, 0);
    sealed.set(createCipheriv('aes-256-ctr', this.keys.encrypt, iv).update(plain), ivBytes);
    sealed.set(this.kernel.authenticate(this.keyFor(iv), address + ivBytes, plain.length), end);
  }

  /**
   * @param what names the bytes in the error
   * @throws `repository-damaged` when the MAC does not fit
   */
  open(sealed: Uint8Array, what: string): Buffer {
    const plain = this.tryOpen(sealed);
    if (!plain) throw damaged(what, 'its checksum does not fit its content');
    return plain;
  }

  /** @returns null when the MAC does not fit */
  tryOpen(sealed: Uint8Array): Buffer | null {
    if (sealed.length < overhead) return null;
    const iv = sealed.subarray(0, ivBytes);
    const end = sealed.length - macBytes;
    const ciphertext = sealed.subarray(ivBytes, end);
    const mac = this.kernel.authenticateBytes(this.keyFor(iv), ciphertext);
    if (!timingSafeEqual(mac, sealed.subarray(end))) return null;
    return createDecipheriv('aes-256-ctr', this.keys.encrypt, iv).update(ciphertext);
  }

  private keyFor(iv: Uint8Array): Buffer {
    this.oneTimeKey.set(this.macCipher.update(iv), 16);
    return this.oneTimeKey;
  }

  private iv(): Buffer {
    if (this.randomLeft === 0) {
      randomFillSync(this.random);
      this.randomLeft = this.random.length;
    }
    this.randomLeft -= ivBytes;
    return this.random.subarray(this.randomLeft, this.randomLeft + ivBytes);
  }
}
