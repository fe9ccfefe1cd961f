/**
 * Takes up what a run that did not end had stored already: packs that are whole and in no index. A listing finds them, whatever
 * became of the other run's lock, and 16 KiB of each tell what is in it: a thousandth of storing it again.
 */
import { HoldfastError } from '../../shared/errors.js';
import type { ListedFile } from '../backend/backend.js';
import { isId } from '../format/id.js';
import type { IndexedPack } from '../format/index-file.js';
import type { BlobIndex } from '../index/blob-index.js';
import { pooled } from '../pooled.js';
import { loadHeader } from '../pack/header.js';
import type { Repository } from '../repository/repository.js';
import type { Session } from './session.js';

/** Headers that are read at the same time. */
const atOnce = 8;

/** All packs there are. Begin this before the index is read: then a pack of a run that is writing still is rarely taken for a forgotten one. */
export async function listPacks(repository: Repository, signal: AbortSignal): Promise<ListedFile[]> {
  const packs: ListedFile[] = [];
  for await (const file of repository.backend.list('data', signal)) if (isId(file.name)) packs.push(file);
  return packs;
}

/**
 * Adds packs that are in no index to the one in memory and hands them on, to be written to one.
 * A pack that cannot be read, or was removed meanwhile, is left to prune.
 */
export async function adoptOrphans({ repository, signal }: Session, index: BlobIndex, packs: readonly ListedFile[], onPack: (pack: IndexedPack) => void): Promise<void> {
  const { backend, sealer } = repository;
  const orphans = packs.filter(({ name }) => !index.hasPack(name));
  const adopt = async ({ name, size }: ListedFile): Promise<void> => {
    try {
      const blobs = await loadHeader(name, size, sealer, (offset, length) => backend.load({ kind: 'data', name }, { offset, length }, signal));
      const pack = { id: name, blobs };
      index.addPack(pack);
      onPack(pack);
    } catch (error) {
      if (!(error instanceof HoldfastError) || (error.code !== 'repository-damaged' && error.code !== 'not-found')) throw error;
    }
  };
  await pooled(orphans, atOnce, adopt);
}
