/** Reads the header from a pack's bytes, or from the end of a pack. */
import { overhead, type Sealer } from '../format/crypto.js';
import { damaged } from '../format/damage.js';
import { shortId, type Id } from '../format/id.js';
import { lengthFieldBytes, maxHeaderBytes, parseHeader, type PackedBlob } from '../format/pack-header.js';

/** @throws `repository-damaged` */
export function openHeader(pack: Buffer, sealer: Sealer, id: Id): PackedBlob[] {
  const what = `pack ${shortId(id)}`;
  const length = headerLength(pack, pack.length, what);
  const end = pack.length - lengthFieldBytes;
  return parseHeader(sealer.open(pack.subarray(end - length, end), `the header of ${what}`), end - length, what);
}

function headerLength(tail: Buffer, size: number, what: string): number {
  if (tail.length < lengthFieldBytes) throw damaged(what, 'it is too short to be a pack');
  const length = tail.readUInt32LE(tail.length - lengthFieldBytes);
  if (length <= overhead || length > maxHeaderBytes || length + lengthFieldBytes > size) throw damaged(what, 'its header has an impossible length');
  return length;
}

const firstRead = 16 * 1024;

/**
 * Reads only the end of a pack.
 * @param load reads a range of the pack
 */
export async function loadHeader(id: Id, size: number, sealer: Sealer, load: (offset: number, length: number) => Promise<Buffer>): Promise<PackedBlob[]> {
  const what = `pack ${shortId(id)}`;
  if (size <= overhead + lengthFieldBytes) throw damaged(what, 'it is too short to be a pack');
  let tail = await load(Math.max(0, size - firstRead), Math.min(size, firstRead));
  const length = headerLength(tail, size, what);
  const whole = length + lengthFieldBytes;
  if (whole > tail.length) tail = await load(size - whole, whole);
  const header = tail.subarray(tail.length - whole, tail.length - lengthFieldBytes);
  return parseHeader(sealer.open(header, `the header of ${what}`), size - whole, what);
}
