/**
 * Where every blob lies: some 60 bytes each in typed arrays, so that millions fit into memory.
 * A blob that is in several packs has several entries, chained.
 */
import type { BlobType, PackedBlob } from '../format/pack-header.js';
import type { Id } from '../format/id.js';
import { readHex } from '../format/id.js';
import { IndexEntries, type IndexedPack } from '../format/index-file.js';

export interface BlobLocation extends PackedBlob {
  readonly pack: Id;
}

const none = 0xffffffff;

function larger<T extends Uint32Array | Uint8Array>(old: T, make: (n: number) => T, length: number): T {
  const bigger = make(length);
  bigger.set(old);
  return bigger;
}

export class BlobIndex {
  readonly packs: Id[] = [];
  private readonly packNumbers = new Map<Id, number>();
  private entries = 0;
  private ids = Buffer.alloc(1024 * 32);
  private types = new Uint8Array(1024);
  private pack = new Uint32Array(1024);
  private offset = new Uint32Array(1024);
  private length = new Uint32Array(1024);
  private uncompressed = new Uint32Array(1024);
  private next = new Uint32Array(1024);
  private slots = new Uint32Array(4096).fill(none);
  private readonly wanted = Buffer.alloc(32);

  /** How many entries, duplicates counted. */
  get size(): number {
    return this.entries;
  }

  hasPack(id: Id): boolean {
    return this.packNumbers.has(id);
  }

  addPack(pack: IndexedPack): void {
    this.addEntries(IndexEntries.of([pack]));
  }

  addEntries(entries: IndexEntries): void {
    this.reserve(entries.count);
    const numbers = entries.packs.map((id) => this.packNumber(id));
    for (let at = 0; at < entries.count; at++) {
      entries.ids.copy(this.wanted, 0, at * 32, at * 32 + 32);
      this.add(
        entries.types[at] ?? 0, numbers[entries.pack[at] ?? 0] ?? 0, entries.offset[at] ?? 0, entries.length[at] ?? 0, entries.uncompressed[at] ?? 0,
      );
    }
  }

  private packNumber(id: Id): number {
    let number = this.packNumbers.get(id);
    if (number === undefined) {
      number = this.packs.push(id) - 1;
      this.packNumbers.set(id, number);
    }
    return number;
  }

  /** Makes room for so many more entries at once. */
  private reserve(count: number): void {
    if (this.entries + count > this.types.length) this.grow(Math.max(this.entries + count, Math.ceil(this.types.length * 1.6)));
  }

  /** IDs of data blobs, 32 bytes each and valid until the next step; some may come twice. */
  *dataIds(): Iterable<Uint8Array> {
    for (let entry = 0; entry < this.entries; entry++) if (this.types[entry] === 0) yield this.ids.subarray(entry * 32, entry * 32 + 32);
  }

  has(type: BlobType, id: Id): boolean {
    return this.first(type, id) !== none;
  }

  /** Whether there is a data blob whose ID stands at that place in hexadecimal digits. */
  hasHexAt(text: Uint8Array, at: number): boolean {
    readHex(text, at, this.wanted);
    return this.firstOfWanted(0) !== none;
  }

  find(type: BlobType, id: Id): BlobLocation | null {
    const entry = this.first(type, id);
    return entry === none ? null : this.locationOf(entry);
  }

  /** All places of a blob. */
  findAll(type: BlobType, id: Id): BlobLocation[] {
    return this.entriesOf(type, id).map((entry) => this.locationOf(entry));
  }

  /** The numbers of all entries of a blob. */
  entriesOf(type: BlobType, id: Id): number[] {
    const found: number[] = [];
    for (let entry = this.first(type, id); entry !== none; entry = this.next[entry] ?? none) found.push(entry);
    return found;
  }

  /** The number of a blob's first entry, by which callers may keep bitmaps and counters; -1 when it is not there. */
  numberOf(type: BlobType, id: Id): number {
    const entry = this.first(type, id);
    return entry === none ? -1 : entry;
  }

  /** Bytes of content that a blob has when it is opened. */
  plainLength(type: BlobType, id: Id): number | null {
    const entry = this.first(type, id);
    return entry === none ? null : this.plainLengthAt(entry);
  }

  plainLengthAt(entry: number): number {
    return (this.uncompressed[entry] ?? 0) || Math.max((this.length[entry] ?? 0) - 32, 0);
  }

  /** Where an entry's blob begins. */
  placeAt(entry: number): Pick<BlobLocation, 'pack' | 'offset'> {
    return { pack: this.packs[this.pack[entry] ?? 0] ?? '', offset: this.offset[entry] ?? 0 };
  }

  at(entry: number): BlobLocation {
    return this.locationOf(entry);
  }

  *all(): Iterable<BlobLocation> {
    for (let entry = 0; entry < this.entries; entry++) yield this.locationOf(entry);
  }

  private locationOf(entry: number): BlobLocation {
    return {
      id: this.ids.toString('hex', entry * 32, entry * 32 + 32), type: this.types[entry] === 1 ? 'tree' : 'data',
      pack: this.packs[this.pack[entry] ?? 0] ?? '', offset: this.offset[entry] ?? 0, length: this.length[entry] ?? 0,
      uncompressedLength: this.uncompressed[entry] ?? 0,
    };
  }

  private matches(entry: number, type: number): boolean {
    if (this.types[entry] !== type) return false;
    for (let i = 0, at = entry * 32; i < 32; i++) if (this.ids[at + i] !== this.wanted[i]) return false;
    return true;
  }

  private first(type: BlobType, id: Id): number {
    this.wanted.write(id, 'hex');
    return this.firstOfWanted(type === 'tree' ? 1 : 0);
  }

  private firstOfWanted(type: number): number {
    const mask = this.slots.length - 1;
    for (let slot = this.wanted.readUInt32LE(0) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot] ?? none;
      if (entry === none || this.matches(entry, type)) return entry;
    }
  }

  /** Adds the blob whose ID is in `wanted`. */
  private add(type: number, pack: number, offset: number, length: number, uncompressed: number): void {
    const first = this.firstOfWanted(type);
    for (let e = first; e !== none; e = this.next[e] ?? none) {
      if (this.pack[e] === pack && this.offset[e] === offset) return; // the same, from another index file
    }
    const entry = this.entries++;
    this.wanted.copy(this.ids, entry * 32);
    this.types[entry] = type;
    this.pack[entry] = pack;
    this.offset[entry] = offset;
    this.length[entry] = length;
    this.uncompressed[entry] = uncompressed;
    if (first === none) {
      this.next[entry] = none;
      this.place(entry);
    } else {
      this.next[entry] = this.next[first] ?? none;
      this.next[first] = entry;
    }
  }

  private place(entry: number): void {
    const mask = this.slots.length - 1;
    let slot = this.ids.readUInt32LE(entry * 32) & mask;
    while (this.slots[slot] !== none) slot = (slot + 1) & mask;
    this.slots[slot] = entry;
  }

  private grow(length: number): void {
    const ids = Buffer.alloc(length * 32);
    this.ids.copy(ids);
    this.ids = ids;
    this.types = larger(this.types, (n) => new Uint8Array(n), length);
    const words = (n: number): Uint32Array<ArrayBuffer> => new Uint32Array(n);
    this.pack = larger(this.pack, words, length);
    this.offset = larger(this.offset, words, length);
    this.length = larger(this.length, words, length);
    this.uncompressed = larger(this.uncompressed, words, length);
    this.next = larger(this.next, words, length);
    if (length > this.slots.length * 0.7) this.rehash();
  }

  private rehash(): void {
    const heads = this.slots.filter((entry) => entry !== none);
    let length = this.slots.length * 2;
    while (this.types.length > length * 0.7) length *= 2;
    this.slots = new Uint32Array(length).fill(none);
    for (const entry of heads) this.place(entry);
  }
}
