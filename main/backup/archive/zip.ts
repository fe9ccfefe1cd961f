/** Writes zip archives as a stream, contents stored, always with zip64 fields (facts: PKWARE APPNOTE 6.3.10). */
import { unixPermissions } from '../format/mode.js';
import type { Node } from '../format/node.js';
import type { ByteString } from '../format/text.js';

const table = new Uint32Array(256).map((_, i) => {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c >>> 0;
});

export function crc32(bytes: Uint8Array, previous = 0): number {
  let c = ~previous >>> 0;
  for (const byte of bytes) c = (table[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  return ~c >>> 0;
}

const fileTypes: Partial<Record<Node['type'], number>> = { file: 0o100000, dir: 0o040000, symlink: 0o120000 };
const utf8AndDescriptor = 0x0808;
const version = 45;

interface Entry { name: Buffer; offset: number; node: Node; crc: number; size: number; time: number }

/** Two seconds are the finest a zip knows. */
function dosTime(node: Node): number {
  const d = new Date(node.mtime.seconds * 1000);
  if (d.getFullYear() < 1980 || d.getFullYear() > 2107) return 0x00210000;
  return (((d.getFullYear() - 1980) << 25) | ((d.getMonth() + 1) << 21) | (d.getDate() << 16) | (d.getHours() << 11) | (d.getMinutes() << 5) | (d.getSeconds() >> 1)) >>> 0;
}

export class ZipWriter {
  private offset = 0;
  private readonly entries: Entry[] = [];
  private current: Entry | null = null;

  /** Begins an entry. @returns null for what a zip cannot hold */
  begin(path: ByteString, node: Node): Buffer | null {
    if (fileTypes[node.type] === undefined) return null;
    const name = Buffer.from(node.type === 'dir' ? `${path}/` : path, 'latin1');
    const entry: Entry = { name, offset: this.offset, node, crc: 0, size: 0, time: dosTime(node) };
    this.current = entry;
    const h = Buffer.alloc(30);
    h.writeUInt32LE(0x04034b50, 0);
    h.writeUInt16LE(version, 4);
    h.writeUInt16LE(utf8AndDescriptor, 6);
    h.writeUInt32LE(entry.time, 10);
    h.writeUInt32LE(0xffffffff, 18);
    h.writeUInt32LE(0xffffffff, 22);
    h.writeUInt16LE(name.length, 26);
    h.writeUInt16LE(20, 28);
    const extra = Buffer.alloc(20);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    return this.out(Buffer.concat([h, name, extra]));
  }

  content(bytes: Uint8Array): Uint8Array {
    if (this.current) {
      this.current.crc = crc32(bytes, this.current.crc);
      this.current.size += bytes.length;
    }
    this.offset += bytes.length;
    return bytes;
  }

  finishEntry(): Buffer {
    const entry = this.current;
    if (!entry) return Buffer.alloc(0);
    this.current = null;
    this.entries.push(entry);
    const d = Buffer.alloc(24);
    d.writeUInt32LE(0x08074b50, 0);
    d.writeUInt32LE(entry.crc, 4);
    d.writeBigUInt64LE(BigInt(entry.size), 8);
    d.writeBigUInt64LE(BigInt(entry.size), 16);
    return this.out(d);
  }

  end(): Buffer {
    const start = this.offset;
    const parts = this.entries.map((entry) => {
      const h = Buffer.alloc(46);
      h.writeUInt32LE(0x02014b50, 0);
      h.writeUInt16LE((3 << 8) | version, 4);
      h.writeUInt16LE(version, 6);
      h.writeUInt16LE(utf8AndDescriptor, 8);
      h.writeUInt32LE(entry.time, 12);
      h.writeUInt32LE(entry.crc, 16);
      h.writeUInt32LE(0xffffffff, 20);
      h.writeUInt32LE(0xffffffff, 24);
      h.writeUInt16LE(entry.name.length, 28);
      h.writeUInt16LE(28, 30);
      h.writeUInt32LE((((fileTypes[entry.node.type] ?? 0) | unixPermissions(entry.node.mode)) << 16) >>> 0, 38);
      h.writeUInt32LE(0xffffffff, 42);
      const extra = Buffer.alloc(28);
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(entry.size), 4);
      extra.writeBigUInt64LE(BigInt(entry.size), 12);
      extra.writeBigUInt64LE(BigInt(entry.offset), 20);
      return Buffer.concat([h, entry.name, extra]);
    });
    const directory = Buffer.concat(parts);
    const count = BigInt(this.entries.length);
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    end64.writeUInt16LE((3 << 8) | version, 12);
    end64.writeUInt16LE(version, 14);
    end64.writeBigUInt64LE(count, 24);
    end64.writeBigUInt64LE(count, 32);
    end64.writeBigUInt64LE(BigInt(directory.length), 40);
    end64.writeBigUInt64LE(BigInt(start), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(start + directory.length), 8);
    locator.writeUInt32LE(1, 16);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(0xffff, 8);
    end.writeUInt16LE(0xffff, 10);
    end.writeUInt32LE(0xffffffff, 12);
    end.writeUInt32LE(0xffffffff, 16);
    return Buffer.concat([directory, end64, locator, end]);
  }

  private out(bytes: Buffer): Buffer {
    this.offset += bytes.length;
    return bytes;
  }
}
