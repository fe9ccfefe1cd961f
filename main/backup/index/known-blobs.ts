/**
 * Which data blobs the repository has, shared by all threads without messages: an open-addressing hash table of whole
 * 32-byte IDs in a growable SharedArrayBuffer, guarded by one lock. Adding tells whether the ID was new, so exactly one
 * thread stores each blob.
 */
import { readHex } from '../format/id.js';

declare global {
  // Node 20 has growable shared buffers (V8 11.3); TypeScript knows them from ES2024 on only
  interface SharedArrayBufferConstructor {
    new (byteLength: number, options?: { maxByteLength?: number }): SharedArrayBuffer;
  }
  interface SharedArrayBuffer {
    grow(newByteLength?: number): void;
  }
}

const headerBytes = 64;
const idWords = 8;
const lockWord = 0;
const countWord = 1;
const capacityWord = 2;
/** What the lock's word says. Only a contended one needs a call to wake who waits: U. Drepper, "Futexes Are Tricky", mutex 2. */
const free = 0;
const taken = 1;
const contended = 2;
/** Room for about 90 million IDs; only what is used takes memory. Some systems reserve less address space: then less. */
const mostBytes = [4 * 1024 ** 3 - 65536, 1024 ** 3, 256 * 1024 ** 2];
const fullest = 0.8;

function growable(byteLength: number): SharedArrayBuffer {
  for (const maxByteLength of mostBytes) {
    try {
      return new SharedArrayBuffer(byteLength, { maxByteLength: Math.max(maxByteLength, byteLength) });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new RangeError('there is no memory for the list of known blobs');
}

/** Of a fixed length: V8 calls its runtime for each element of an array that grows with its buffer. */
function wholeOf(shared: SharedArrayBuffer): Int32Array {
  return new Int32Array(shared, 0, shared.byteLength / 4);
}

export class KnownBlobs {
  private words: Int32Array;
  private readonly wanted = new Int32Array(idWords);
  private readonly wantedBytes = Buffer.from(this.wanted.buffer);
  private readonly decoded = new Uint8Array(idWords * 4);

  private constructor(readonly shared: SharedArrayBuffer) {
    this.words = wholeOf(shared);
  }

  /** @param expected how many IDs will certainly come */
  static create(expected: number): KnownBlobs {
    let capacity = 4096;
    while (capacity * fullest < expected * 1.1) capacity *= 2;
    const shared = growable(headerBytes + capacity * 32);
    const set = new KnownBlobs(shared);
    set.words[capacityWord] = capacity;
    return set;
  }

  /** Of IDs that are there already, some of them perhaps twice. */
  static of(ids: Iterable<Uint8Array>, expected: number): KnownBlobs {
    const set = KnownBlobs.create(expected);
    for (const id of ids) set.insert(id); // nobody else knows of it yet
    return set;
  }

  /** In another thread, over the memory of the first. */
  static attach(shared: SharedArrayBuffer): KnownBlobs {
    return new KnownBlobs(shared);
  }

  get size(): number {
    return Atomics.load(this.words, countWord);
  }

  has(id: Uint8Array): boolean {
    this.lock();
    try {
      return this.find(id) < 0;
    } finally {
      this.unlock();
    }
  }

  hasHex(id: string): boolean {
    return this.has(Buffer.from(id, 'hex'));
  }

  /** The same for 64 hexadecimal digits within a text. */
  hasHexAt(text: Uint8Array, at: number): boolean {
    readHex(text, at, this.decoded);
    return this.has(this.decoded);
  }

  /** @returns whether it was new */
  add(id: Uint8Array): boolean {
    this.lock();
    try {
      return this.insert(id);
    } finally {
      this.unlock();
    }
  }

  private insert(id: Uint8Array): boolean {
    let slot = this.find(id);
    if (slot < 0) return false;
    const count = (this.words[countWord] ?? 0) + 1;
    if (count > (this.words[capacityWord] ?? 0) * fullest) {
      this.grow();
      slot = this.find(id);
    }
    this.words.set(this.wanted, slot);
    this.words[countWord] = count;
    return true;
  }

  addHex(id: string): boolean {
    return this.add(Buffer.from(id, 'hex'));
  }

  /** @returns the word offset of the free slot for it, or -1 when it is there. Leaves the ID in `wanted`. */
  private find(id: Uint8Array): number {
    this.wantedBytes.set(id);
    const { words, wanted } = this;
    const capacity = words[capacityWord] ?? 0;
    for (let at = (wanted[0] ?? 0) & (capacity - 1); ; at = (at + 1) & (capacity - 1)) {
      const slot = headerBytes / 4 + at * idWords;
      const first = words[slot];
      // an ID that starts with 64 zero bits would look free; it is then merely stored twice
      if (first === 0 && words[slot + 1] === 0) return slot;
      if (first !== wanted[0]) continue;
      let i = 1;
      while (i < idWords && words[slot + i] === wanted[i]) i++;
      if (i === idWords) return -1;
    }
  }

  private grow(): void {
    const capacity = this.words[capacityWord] ?? 0;
    const start = headerBytes / 4;
    const old = this.words.slice(start, start + capacity * idWords);
    this.shared.grow(headerBytes + capacity * 2 * 32);
    this.words = wholeOf(this.shared);
    this.words.fill(0, start, start + capacity * 2 * idWords);
    this.words[capacityWord] = capacity * 2;
    const keep = Buffer.from(this.wantedBytes);
    const bytes = Buffer.from(old.buffer);
    for (let at = 0; at < old.length; at += idWords) {
      if (old[at] === 0 && old[at + 1] === 0) continue;
      const slot = this.find(bytes.subarray(at * 4, at * 4 + 32));
      if (slot >= 0) this.words.set(this.wanted, slot);
    }
    this.wantedBytes.set(keep);
  }

  private lock(): void {
    const { words } = this;
    let seen = Atomics.compareExchange(words, lockWord, free, taken);
    for (let tries = 0; seen !== free; tries++) {
      if (tries < 100) seen = Atomics.compareExchange(words, lockWord, free, taken);
      else {
        // who has waited cannot know whether others do, and leaves the lock as contended
        seen = Atomics.exchange(words, lockWord, contended);
        if (seen !== free) Atomics.wait(words, lockWord, contended);
      }
    }
    this.follow();
  }

  private unlock(): void {
    if (Atomics.exchange(this.words, lockWord, free) === contended) Atomics.notify(this.words, lockWord, 1);
  }

  /** Sees all of a table that has grown. */
  private follow(): void {
    if (this.words.length < headerBytes / 4 + (this.words[capacityWord] ?? 0) * idWords) this.words = wholeOf(this.shared);
  }
}
