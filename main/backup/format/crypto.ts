/**
 * restic's authenticated encryption: AES-256-CTR, then Poly1305-AES over the ciphertext.
 * Sealed bytes are: 16 bytes IV, ciphertext, 16 bytes MAC (facts: restic doc/design.rst, "Keys, Encryption and MAC").
 */
import { createCipheriv, randomFillSync, timingSafeEqual } from 'node:crypto';
import type { Cipher } from 'node:crypto';
import type { Kernel } from '../wasm/kernel.js';
import { damaged } from './damage.js';
import { openSsl } from './openssl.js';
import { portablePrimitives, type Primitives } from './primitives.js';

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
  private readonly primitives: Primitives;

  constructor(private readonly keys: KeyMaterial, kernel: Kernel) {
    this.primitives = openSsl() ?? portablePrimitives(kernel);
    this.macCipher = createCipheriv('aes-128-ecb', keys.macK, null);
    this.macCipher.setAutoPadding(false);
    this.oneTimeKey.set(keys.macR, 0);
  }

  seal(plain: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafe(plain.length + overhead);
    this.sealInto(plain, sealed);
    return sealed;
  }

  /** @param sealed room of `plain.length + overhead` bytes */
  sealInto(plain: Uint8Array, sealed: Buffer): void {
    const iv = this.iv();
    const end = ivBytes + plain.length;
    const ciphertext = sealed.subarray(ivBytes, end);
    sealed.set(iv, 0);
    this.primitives.transform(this.keys.encrypt, iv, plain, ciphertext);
    sealed.set(this.primitives.authenticate(this.keyFor(iv), ciphertext), end);
  }

  /**
   * @param what names the bytes in the error
   * @param room where the result may lie, if it is large enough
   * @throws `repository-damaged` when the MAC does not fit
   */
  open(sealed: Uint8Array, what: string, room?: Buffer): Buffer {
    const plain = this.tryOpen(sealed, room);
    if (!plain) throw damaged(what, 'its checksum does not fit its content');
    return plain;
  }

  /** @returns null when the MAC does not fit */
  tryOpen(sealed: Uint8Array, room?: Buffer): Buffer | null {
    if (sealed.length < overhead) return null;
    const iv = sealed.subarray(0, ivBytes);
    const end = sealed.length - macBytes;
    const ciphertext = sealed.subarray(ivBytes, end);
    const mac = this.primitives.authenticate(this.keyFor(iv), ciphertext);
    if (!timingSafeEqual(mac, sealed.subarray(end))) return null;
    const plain = room && room.length >= ciphertext.length ? room.subarray(0, ciphertext.length) : Buffer.allocUnsafe(ciphertext.length);
    this.primitives.transform(this.keys.encrypt, iv, ciphertext, plain);
    return plain;
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
