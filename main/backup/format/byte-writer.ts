/** Puts byte strings together in memory that is used again and again: trees are most of what a walk writes. */
import type { ByteString } from './text.js';

const billion = 1_000_000_000;

export class ByteWriter {
  private room: Buffer;
  private used = 0;

  /** @param size room to begin with, in bytes */
  constructor(size = 64 * 1024) {
    this.room = Buffer.allocUnsafeSlow(size);
  }

  get length(): number {
    return this.used;
  }

  /** What was written, valid until the next call of anything. */
  get bytes(): Buffer {
    return this.room.subarray(0, this.used);
  }

  clear(): void {
    this.used = 0;
  }

  text(text: ByteString): void {
    const { length } = text;
    this.reserve(length);
    const { room } = this;
    let at = this.used;
    for (let i = 0; i < length; i++) room[at++] = text.charCodeAt(i);
    this.used = at;
  }

  /** A count of any size. */
  number(value: number | bigint): void {
    if (typeof value === 'bigint' || value > Number.MAX_SAFE_INTEGER || value < 0) this.text(String(value));
    else if (value < billion) this.digits(value, 0);
    else {
      const high = Math.floor(value / billion);
      this.number(high);
      this.digits(value - high * billion, 9);
    }
  }

  /** @param value below 1,000,000,000 @param width the least number of digits, filled up with zeros */
  digits(value: number, width: number): void {
    let count = 1;
    for (let limit = 10; count < 9 && value >= limit; limit *= 10) count++;
    if (count < width) count = width;
    this.reserve(count);
    let left = value | 0;
    for (let at = this.used + count - 1; at >= this.used; at--) {
      const next = (left / 10) | 0;
      this.room[at] = 48 + left - next * 10;
      left = next;
    }
    this.used += count;
  }

  /** Leaves `count` bytes for later. @returns where they are */
  skip(count: number): number {
    this.reserve(count);
    const at = this.used;
    this.used += count;
    return at;
  }

  /** Four bytes, the lowest first, at a place that was skipped. @param value below 2^32 */
  setWord(at: number, value: number): void {
    const { room } = this;
    room[at] = value;
    room[at + 1] = value >>> 8;
    room[at + 2] = value >>> 16;
    room[at + 3] = value >>> 24;
  }

  private reserve(more: number): void {
    const needed = this.used + more;
    if (needed <= this.room.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.room.length * 2));
    larger.set(this.bytes);
    this.room = larger;
  }
}
