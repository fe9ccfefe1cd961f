/** Takes up what a killed run had stored already: packs that are whole and in no index. */
import { HoldfastError } from '../../shared/errors.js';
import { isId } from '../format/id.js';
import type { IndexedPack } from '../format/index-file.js';
import type { BlobIndex } from '../index/blob-index.js';
import { loadHeader } from '../pack/header.js';
import type { Session } from './session.js';

/** Adds the packs to the index in memory and hands them on to be written. A pack that cannot be read is left to prune. */
export async function adoptOrphans({ repository, signal }: Session, index: BlobIndex, onPack: (pack: IndexedPack) => void): Promise<void> {
  const { backend, sealer } = repository;
  for await (const { name, size } of backend.list('data', signal)) {
    if (!isId(name) || index.hasPack(name)) continue;
    try {
      const blobs = await loadHeader(name, size, sealer, (offset, length) => backend.load({ kind: 'data', name }, { offset, length }, signal));
      const pack = { id: name, blobs };
      index.addPack(pack);
      onPack(pack);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'repository-damaged') throw error;
    }
  }
}
