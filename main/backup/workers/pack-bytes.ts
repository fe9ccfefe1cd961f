/** Gives a worker the bytes of a pack, read in large steps and in order. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf, localError } from '../backend/local-errors.js';
import { damaged } from '../format/damage.js';
import { shortId, type Id } from '../format/id.js';
import type { PackSource } from './messages.js';

const readAhead = 1024 * 1024;

function openPack(path: string, pack: Id): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? damaged(`pack ${shortId(pack)}`, 'it is missing') : localError(error, path);
  }
}

export class PackBytes {
  private readonly descriptor: number;
  private readonly size: number;
  private window: Buffer = Buffer.alloc(0);
  private windowAt = 0;

  /** @param buffer room for reading that may be used again after `close` */
  constructor(private readonly pack: Id, private readonly source: PackSource, private buffer: Buffer) {
    this.descriptor = 'path' in source ? openPack(source.path, pack) : -1;
    this.size = this.descriptor >= 0 ? fstatSync(this.descriptor).size : 0;
  }

  /** A view that is valid until the next call. @throws `repository-damaged` when the pack is too short */
  at(offset: number, length: number): Buffer {
    if ('pieces' in this.source) {
      const piece = this.source.pieces.find((p) => p.offset <= offset && offset + length <= p.offset + p.bytes.length);
      if (!piece) throw this.tooShort();
      return Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset + offset - piece.offset, length);
    }
    if (offset < this.windowAt || offset + length > this.windowAt + this.window.length) this.fill(offset, length);
    return this.window.subarray(offset - this.windowAt, offset - this.windowAt + length);
  }

  close(): Buffer {
    if (this.descriptor >= 0) closeSync(this.descriptor);
    return this.buffer;
  }

  private fill(offset: number, length: number): void {
    if (offset + length > this.size) throw this.tooShort();
    const wanted = Math.min(Math.max(length, readAhead), this.size - offset);
    if (this.buffer.length < wanted) this.buffer = Buffer.allocUnsafeSlow(wanted);
    let done = 0;
    while (done < wanted) {
      const count = readSync(this.descriptor, this.buffer, done, wanted - done, offset + done);
      if (count === 0) throw this.tooShort();
      done += count;
    }
    this.window = this.buffer.subarray(0, wanted);
    this.windowAt = offset;
  }

  private tooShort(): Error {
    return damaged(`pack ${shortId(this.pack)}`, 'it is shorter than the index says');
  }
}
