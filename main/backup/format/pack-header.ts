/** The header at the end of a pack: which blobs it holds, in their order (facts: restic doc/design.rst, "Pack Format"). */
import { overhead } from './crypto.js';
import { damaged } from './damage.js';
import { idBytes, type Id } from './id.js';

export type BlobType = 'data' | 'tree';

export interface PackedBlob {
  readonly id: Id;
  readonly type: BlobType;
  readonly offset: number;
  /** Sealed bytes in the pack. */
  readonly length: number;
  /** 0 when it is not compressed. */
  readonly uncompressedLength: number;
}

const plainEntry = 1 + 4 + idBytes;
const compressedEntry = plainEntry + 4;
export const lengthFieldBytes = 4;
/** restic refuses longer headers. */
export const maxHeaderBytes = 16 * 1024 * 1024;
export const maxHeaderEntries = Math.floor((maxHeaderBytes - overhead) / compressedEntry);

export function entryBytes(blob: { uncompressedLength: number }): number {
  return blob.uncompressedLength > 0 ? compressedEntry : plainEntry;
}

/** The plaintext of the header. */
export function encodeHeader(blobs: readonly PackedBlob[]): Buffer {
  const header = Buffer.allocUnsafe(blobs.reduce((sum, blob) => sum + entryBytes(blob), 0));
  let at = 0;
  for (const blob of blobs) {
    const compressed = blob.uncompressedLength > 0;
    header[at++] = (blob.type === 'tree' ? 1 : 0) + (compressed ? 2 : 0);
    at = header.writeUInt32LE(blob.length, at);
    if (compressed) at = header.writeUInt32LE(blob.uncompressedLength, at);
    at += header.write(blob.id, at, 'hex');
  }
  return header;
}

/**
 * @param dataBytes how many bytes of the pack lie before its header
 * @throws `repository-damaged`
 */
export function parseHeader(header: Uint8Array, dataBytes: number, what: string): PackedBlob[] {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  const blobs: PackedBlob[] = [];
  let at = 0;
  let offset = 0;
  while (at < bytes.length) {
    const kind = bytes[at] ?? 255;
    const compressed = kind === 2 || kind === 3;
    const size = compressed ? compressedEntry : plainEntry;
    if (kind > 3) throw damaged(what, `its header has an entry of unknown kind ${kind}`);
    if (at + size > bytes.length) throw damaged(what, 'its header ends in the middle of an entry');
    const length = bytes.readUInt32LE(at + 1);
    const uncompressedLength = compressed ? bytes.readUInt32LE(at + 5) : 0;
    if (length < overhead || offset + length > dataBytes) throw damaged(what, 'its header names bytes that it does not have');
    blobs.push({
      id: bytes.toString('hex', at + size - idBytes, at + size), type: kind % 2 === 1 ? 'tree' : 'data', offset, length, uncompressedLength,
    });
    offset += length;
    at += size;
  }
  if (offset !== dataBytes) throw damaged(what, 'its header does not account for all of its bytes');
  return blobs;
}
