/** unlock, tag and repair index. */
import { HoldfastError } from '../../shared/errors.js';
import { isId, shortId, type Id } from '../format/id.js';
import type { IndexedPack } from '../format/index-file.js';
import { encodeSnapshot } from '../format/snapshot.js';
import { loadHeader } from '../pack/header.js';
import { packSize } from '../checker/checker.js';
import { packsOf, replaceIndex } from '../repository/index-writer.js';
import { removeLocks } from '../repository/lock.js';
import { findId, loadSnapshot, loadSnapshots, matches } from '../repository/snapshots.js';
import {
  repairIndexRequest, tagRequest, unlockRequest, type Control, type RepairIndexRequest, type RepairIndexResult, type Snapshot, type TagRequest, type TagResult, type UnlockRequest, type UnlockResult,
} from '../types.js';
import { ProgressReporter, withRepository } from './session.js';

export async function unlock(request: UnlockRequest, control: Control = {}): Promise<UnlockResult> {
  const parsed = unlockRequest.parse(request);
  return withRepository(parsed.repository, 'none', control, ({ repository, signal }) => removeLocks(repository, parsed.removeAll ?? false, signal));
}

/** A tagged snapshot gets a new id; `original` remembers the first. */
export async function tag(request: TagRequest, control: Control = {}): Promise<TagResult> {
  const parsed = tagRequest.parse(request);
  const words = (list: string[] | undefined): string[] => (list ?? []).flatMap((text) => text.split(',')).filter((text) => text !== '');
  const set = parsed.set === undefined ? null : words(parsed.set);
  const added = words(parsed.add);
  const removed = words(parsed.remove);
  if (set === null && added.length === 0 && removed.length === 0) throw new HoldfastError('usage', 'Nothing to change was given. Set, add or remove a tag.');
  if (set !== null && added.length + removed.length > 0) throw new HoldfastError('usage', 'Setting tags replaces all of them. Do not add or remove at the same time.');
  return withRepository(parsed.repository, 'exclusive', control, async ({ repository, signal }) => {
    const chosen: Snapshot[] = parsed.ids && parsed.ids.length > 0
      ? await Promise.all(parsed.ids.map(async (id) => loadSnapshot(repository, await findId(repository, id, signal), signal)))
      : (await loadSnapshots(repository, signal)).filter((snapshot) => matches(snapshot, parsed.filter));
    const changed: TagResult['changed'] = [];
    for (const snapshot of chosen) {
      const before = snapshot.tags ?? [];
      const after = set ?? [...new Set([...before, ...added])].filter((text) => !removed.includes(text));
      if (before.length === after.length && before.every((text, i) => text === after[i])) continue;
      const { id, short_id: _short, ...file } = snapshot;
      const fresh = await repository.save('snapshots', encodeSnapshot({ ...file, tags: after, original: snapshot.original ?? id }), signal);
      await repository.backend.remove({ kind: 'snapshots', name: id }, signal);
      changed.push({ old: id, new: fresh });
    }
    return { changed };
  });
}

/** Makes the index anew from the packs: what it knows rightly is kept, other packs have their headers read. */
export async function repairIndex(request: RepairIndexRequest, control: Control = {}): Promise<RepairIndexResult> {
  const parsed = repairIndexRequest.parse(request);
  return withRepository(parsed.repository, 'exclusive', control, async ({ repository, signal, warn }) => {
    const { index, files } = await repository.loadIndex({ signal, tolerant: true });
    const known = parsed.readAllPacks ? new Map<Id, IndexedPack>() : new Map(packsOf(index, new Set()).map((pack) => [pack.id, pack]));
    const packs: IndexedPack[] = [];
    const damagedPacks: string[] = [];
    let read = 0;
    let done = 0;
    const reporter = new ProgressReporter(control.onProgress, () => ({ action: 'repair', files_done: done, bytes_done: 0, error_count: damagedPacks.length }));
    try {
      for await (const { name, size } of repository.backend.list('data', signal)) {
        if (!isId(name)) continue;
        done++;
        const indexed = known.get(name);
        if (indexed && packSize(indexed.blobs) === size) {
          packs.push(indexed);
          continue;
        }
        read++;
        try {
          const blobs = await loadHeader(name, size, repository.sealer, (offset, length) => repository.backend.load({ kind: 'data', name }, { offset, length }, signal));
          packs.push({ id: name, blobs });
        } catch (error) {
          if (!(error instanceof HoldfastError) || error.code !== 'repository-damaged') throw error;
          damagedPacks.push(name);
          warn(`Pack ${shortId(name)} was left out: ${error.message}`);
        }
      }
      await replaceIndex(repository, packs, files, signal);
      return { packs: packs.length, packs_read: read, removed_indexes: files.length, damaged_packs: damagedPacks };
    } finally {
      reporter.stop();
    }
  });
}
