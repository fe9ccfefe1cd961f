/** Replaces all index files: the new ones are there before the old ones go. */
import type { Id } from '../format/id.js';
import { encodeIndex, type IndexedPack } from '../format/index-file.js';
import type { PackedBlob } from '../format/pack-header.js';
import type { BlobIndex } from '../index/blob-index.js';
import type { Repository } from './repository.js';

const mostBlobs = 50_000;

export function packsOf(index: BlobIndex, without: ReadonlySet<Id>): IndexedPack[] {
  const blobs = new Map<Id, PackedBlob[]>();
  for (const { pack, ...blob } of index.all()) {
    if (without.has(pack)) continue;
    const list = blobs.get(pack);
    if (list) list.push(blob);
    else blobs.set(pack, [blob]);
  }
  return [...blobs].map(([id, list]) => ({ id, blobs: list.sort((a, b) => a.offset - b.offset) }));
}

export async function replaceIndex(repository: Repository, packs: readonly IndexedPack[], old: readonly Id[], signal: AbortSignal): Promise<void> {
  const fresh = new Set<Id>();
  let batch: IndexedPack[] = [];
  let count = 0;
  const write = async (): Promise<void> => {
    if (batch.length > 0) fresh.add(await repository.save('index', encodeIndex(batch), signal));
    batch = [];
    count = 0;
  };
  for (const pack of packs) {
    batch.push(pack);
    count += pack.blobs.length;
    if (count >= mostBlobs) await write();
  }
  await write();
  for (const id of old) if (!fresh.has(id)) await repository.backend.remove({ kind: 'index', name: id });
}
