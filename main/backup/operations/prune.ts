/** The prune operation: removes data that no snapshot uses. */
import { HoldfastError } from '../../shared/errors.js';
import type { Id } from '../format/id.js';
import { isId } from '../format/id.js';
import type { BlobIndex, BlobLocation } from '../index/blob-index.js';
import { planPrune, type PrunePlan } from '../pruner/plan.js';
import { copyBlobs } from '../pruner/repack.js';
import { packsOf, replaceIndex } from '../repository/index-writer.js';
import { PackSaver } from '../repository/pack-saver.js';
import type { IndexedPack } from '../format/index-file.js';
import { loadSnapshots } from '../repository/snapshots.js';
import { findUsedBlobs } from '../repository/used-blobs.js';
import { pruneRequest, type Control, type Progress, type PruneOptions, type PruneRequest, type PruneSummary } from '../types.js';
import { ProgressReporter, withRepository, type Session } from './session.js';

const packSize = 16 * 1024 * 1024;

/** @throws `repository-damaged` when something that a snapshot uses is missing: nothing is removed then */
export async function prune(request: PruneRequest, control: Control = {}): Promise<PruneSummary> {
  const parsed = pruneRequest.parse(request);
  return withRepository(parsed.repository, parsed.dryRun ? 'shared' : 'exclusive', control, (session) => pruneIn(session, parsed.options ?? {}, parsed.dryRun ?? false, control));
}

/** Prunes in a repository that is open and locked. */
export async function pruneIn(session: Session, options: PruneOptions, dryRun: boolean, control: Control): Promise<PruneSummary> {
  const { repository, signal } = session;
  if (withoutRoom(options) && options.unsafeRecoverNoFreeSpace !== repository.config.id) {
    throw new HoldfastError('usage', `That is not the ID of this repository, which is ${repository.config.id}. Try prune with --max-repack-size 0 first; give the ID only when that fails for want of room.`);
  }
  const started = Date.now();
  let done = 0;
  let total = 0;
  let action: Progress['action'] = 'check';
  const reporter = new ProgressReporter(control.onProgress, () => ({ action, files_done: done, ...(total > 0 ? { total_files: total } : {}), bytes_done: 0, error_count: 0 }));
  try {
    const { index, files } = await repository.loadIndex({ signal });
    const { marks } = await findUsedBlobs(repository, index, await loadSnapshots(repository, signal), signal, (trees) => { done = trees; });
    const sizes = new Map<Id, number>();
    for await (const { name, size } of repository.backend.list('data', signal)) if (isId(name)) sizes.set(name, size);
    const plan = planPrune(index, marks, sizes, repository.config.version, packSize, withoutRoom(options) ? { ...options, maxRepackSize: '0' } : options);
    if (!dryRun) {
      action = 'prune';
      done = 0;
      total = plan.repack.length;
      await execute(session, index, files, plan, options, () => { done++; });
    }
    const { stats } = plan;
    return {
      message_type: 'summary', dry_run: dryRun, packs_kept: stats.kept, packs_repacked: plan.repack.length, packs_removed: plan.remove.length + plan.unindexed.length,
      blobs_used: stats.used, blobs_unused: stats.unused - stats.duplicate, blobs_duplicate: stats.duplicate, bytes_used: stats.usedBytes,
      bytes_unused: stats.unusedBytes, bytes_repacked: stats.repackBytes, bytes_freed: stats.freedBytes, total_duration: (Date.now() - started) / 1000,
    };
  } finally {
    reporter.stop();
  }
}

const withoutRoom = ({ unsafeRecoverNoFreeSpace: id }: PruneOptions): boolean => id !== undefined;

async function execute(session: Session, index: BlobIndex, indexFiles: readonly Id[], plan: PrunePlan, options: PruneOptions, onPack: () => void): Promise<void> {
  const { repository, signal } = session;
  const { backend } = repository;
  for (const name of plan.unindexed) await backend.remove({ kind: 'data', name }, signal);
  const gone = new Set([...plan.remove, ...plan.repack, ...plan.forgotten]);
  if (gone.size === 0) return;
  if (withoutRoom(options)) return executeWithoutRoom(session, index, indexFiles, plan, gone);
  const fresh: IndexedPack[] = [];
  if (plan.repack.length > 0) {
    const saver = new PackSaver(repository, { signal, onSaved: (pack) => { fresh.push(pack); } });
    try {
      await copyBlobs(toCopy(index, plan), { from: repository, to: repository, saver, signal, recompress: true, onPack });
      await saver.flush();
    } finally {
      await saver.abandon();
      await backend.discardSpool();
    }
  }
  // from here on the old index may go: everything it knew that is used is in the new one
  const written = await repository.ids('index', signal);
  await replaceIndex(repository, [...packsOf(index, gone), ...fresh], [...new Set([...indexFiles, ...written])], signal);
  for (const name of [...plan.remove, ...plan.repack]) await backend.remove({ kind: 'data', name }, signal);
}

/**
 * Makes room before anything is written: the index goes first, so that none is left that names packs which are gone. Until the
 * new index is written the repository cannot be read; `repair index` brings it back after an interruption.
 */
async function executeWithoutRoom({ repository, signal }: Session, index: BlobIndex, indexFiles: readonly Id[], plan: PrunePlan, gone: ReadonlySet<Id>): Promise<void> {
  const { backend } = repository;
  for (const name of indexFiles) await backend.remove({ kind: 'index', name }, signal);
  for (const name of plan.remove) await backend.remove({ kind: 'data', name }, signal);
  await replaceIndex(repository, packsOf(index, gone), [], signal);
}

function toCopy(index: BlobIndex, plan: PrunePlan): Map<Id, BlobLocation[]> {
  const wanted = new Map<Id, BlobLocation[]>(plan.repack.map((id) => [id, []]));
  for (let entry = 0; entry < index.size; entry++) {
    if (plan.keep[entry] !== 1) continue;
    const blob = index.at(entry);
    wanted.get(blob.pack)?.push(blob);
  }
  for (const list of wanted.values()) list.sort((a, b) => a.offset - b.offset);
  return wanted;
}
