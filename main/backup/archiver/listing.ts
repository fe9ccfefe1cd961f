/**
 * What is in a folder now, in one piece of memory: what lstat says of each entry, written as a tree has it. So it takes no objects to keep it,
 * any thread can compare it with a tree, and looking at a folder and knowing its tree may come one after the other, in any order.
 */
import { readdirSync } from 'node:fs';
import type { ByteWriter } from '../format/byte-writer.js';
import { typeOf } from '../format/mode.js';
import { writeHead } from '../format/node.js';
import { toBytes, type ByteString } from '../format/text.js';
import type { Files } from '../posix/files.js';
import { headOf } from './node-maker.js';

export const kinds = { other: 0, file: 1, dir: 2, symlink: 3, device: 4 } as const;

/** Before each entry, in 32-bit words, little end first: kind, size (low, high), and the bytes of its name, its head and its device, which follow. */
const field = { kind: 0, sizeLow: 4, sizeHigh: 8, name: 12, head: 16, device: 20, length: 24 } as const;
const word = 0x1_0000_0000;

/** Entries come in the order of their names, without sockets, which no backup takes. */
export class ListingWriter {
  constructor(private readonly files: Pick<Files, 'lstat' | 'userName' | 'groupName'>, private readonly withAtime: boolean) {}

  /**
   * @param out gets the listing at its end
   * @returns false when there is something of an unknown type
   * @throws Node's errors when the folder or an entry cannot be looked at
   */
  write(out: ByteWriter, path: ByteString): boolean {
    const prefix = path === '/' ? '/' : `${path}/`;
    for (const name of readdirSync(toBytes(path), { encoding: 'latin1' }).sort()) {
      const stat = this.files.lstat(prefix + name);
      const type = typeOf(stat.mode);
      if (type === 'irregular') return false;
      if (type === 'socket') continue;
      const isDevice = type === 'dev' || type === 'chardev';
      const start = out.skip(field.length);
      out.setWord(start + field.kind, isDevice ? kinds.device : type === 'file' || type === 'dir' || type === 'symlink' ? kinds[type] : kinds.other);
      out.setWord(start + field.sizeLow, stat.size % word);
      out.setWord(start + field.sizeHigh, Math.floor(stat.size / word));
      out.setWord(start + field.name, name.length);
      out.text(name);
      const head = out.length;
      writeHead(out, headOf(name, stat, this.files, this.withAtime));
      out.setWord(start + field.head, out.length - head);
      const device = out.length;
      if (isDevice && stat.rdev) out.text(`,"device":${stat.rdev}`);
      out.setWord(start + field.device, out.length - device);
    }
    return true;
  }
}

/** Reads a listing entry by entry. */
export class ListingReader {
  private at = 0;
  private next = 0;

  constructor(readonly bytes: Buffer) {}

  /** Goes to the next entry. @returns false at the end */
  step(): boolean {
    this.at = this.next;
    if (this.at >= this.bytes.length) return false;
    this.next = this.deviceEnd;
    return true;
  }

  get kind(): number { return this.word(field.kind); }
  get size(): number { return this.word(field.sizeHigh) * word + this.word(field.sizeLow); }
  get name(): ByteString { return this.bytes.toString('latin1', this.nameFrom, this.head); }
  /** The name begins here, and ends where the head does begin. */
  get nameFrom(): number { return this.at + field.length; }
  /** Where the first part of its node begins and ends. */
  get head(): number { return this.nameFrom + this.word(field.name); }
  get headEnd(): number { return this.head + this.word(field.head); }
  /** What a device's node has between this and its content ends here. */
  get deviceEnd(): number { return this.headEnd + this.word(field.device); }

  private word(at: number): number {
    const { bytes } = this;
    const from = this.at + at;
    return ((bytes[from] ?? 0) | (bytes[from + 1] ?? 0) << 8 | (bytes[from + 2] ?? 0) << 16 | (bytes[from + 3] ?? 0) << 24) >>> 0;
  }
}
