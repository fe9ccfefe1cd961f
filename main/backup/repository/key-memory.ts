/**
 * Opened keys, for a program that stays: deriving one from its password costs half a second of a core, each time a repository is opened. They
 * live in memory that outlasts the engine's thread, never on a disk, and only for as long as the program runs: as long as it can ask for the
 * password itself.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { KeyMaterial } from '../format/crypto.js';
import type { Id } from '../format/id.js';

/** Who opens a repository asks here first. */
export interface OpenedKeys {
  /** @returns null for a password that has not opened this key here */
  find(key: Id, password: string): KeyMaterial | null;
  keep(key: Id, password: string, keys: KeyMaterial): void;
}

/** Bytes: what tells a key and a password from others, then the key's three parts. */
const tagBytes = 32;
const slotBytes = tagBytes + 32 + 16 + 16;
/** More repositories than one computer backs up to. The oldest gives way. */
const slots = 32;
const headBytes = tagBytes + 1;

export class KeyMemory implements OpenedKeys {
  private readonly bytes: Buffer;

  /** @param shared what another thread's `KeyMemory` holds; without it a new one, which is empty */
  constructor(readonly shared: SharedArrayBuffer = emptyMemory()) {
    this.bytes = Buffer.from(shared);
  }

  find(key: Id, password: string): KeyMaterial | null {
    const tag = this.tagOf(key, password);
    for (let at = headBytes; at < this.bytes.length; at += slotBytes) {
      if (!this.bytes.subarray(at, at + tagBytes).equals(tag)) continue;
      const part = (from: number, length: number): Buffer => Buffer.from(this.bytes.subarray(at + from, at + from + length));
      return { encrypt: part(32, 32), macK: part(64, 16), macR: part(80, 16) };
    }
    return null;
  }

  keep(key: Id, password: string, keys: KeyMaterial): void {
    if (this.find(key, password)) return;
    const slot = (this.bytes[tagBytes] ?? 0) % slots;
    this.bytes[tagBytes] = (slot + 1) % slots;
    Buffer.concat([this.tagOf(key, password), keys.encrypt, keys.macK, keys.macR]).copy(this.bytes, headBytes + slot * slotBytes);
  }

  forget(): void {
    this.bytes.fill(0, headBytes);
  }

  /** Differs in each process, so that it says nothing outside it. */
  private tagOf(key: Id, password: string): Buffer {
    return createHash('sha256').update(this.bytes.subarray(0, tagBytes)).update(key).update(password, 'utf8').digest();
  }
}

function emptyMemory(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(headBytes + slots * slotBytes);
  randomBytes(tagBytes).copy(Buffer.from(shared));
  return shared;
}
