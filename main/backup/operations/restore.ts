/** The restore operation. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { codeOf, localError } from '../backend/local-errors.js';
import { fromText } from '../format/text.js';
import { Files } from '../posix/files.js';
import { BlobReader } from '../repository/blobs.js';
import { ContentWriter, type RestorePool } from '../restorer/content-writer.js';
import { Restorer } from '../restorer/restorer.js';
import { Selection } from '../restorer/selection.js';
import { RestoreTally } from '../restorer/tally.js';
import { verifyFiles } from '../restorer/verify.js';
import { sharedWords, type RestoreData } from '../workers/messages.js';
import { WorkerPool } from '../workers/pool.js';
import { Threads } from '../workers/threads.js';
import { restoreRequest, type Control, type RestoreRequest, type RestoreSummary } from '../types.js';
import { ProgressReporter, withRepository } from './session.js';
import { treeOf } from './tree-of.js';

/** Files that could not be restored are counted in the summary, not thrown. */
export async function restore(request: RestoreRequest, control: Control = {}): Promise<RestoreSummary> {
  const parsed = restoreRequest.parse(request);
  const started = Date.now();
  const selection = new Selection(parsed);
  checkTarget(parsed.target);
  const size = parsed.gentle ? 1 : parsed.workers ?? Math.min(availableParallelism(), 8);
  const threads = new Threads();
  threads.prepare(size);
  return withRepository(parsed.repository, 'shared', control, async ({ repository, signal, warn }) => {
    const { index } = await repository.loadIndex({ signal });
    const reader = new BlobReader(repository, index);
    const { snapshot, tree } = await treeOf(repository, reader, parsed.snapshot, parsed.filter, signal);
    const tally = new RestoreTally(control);
    const files = new Files();
    if (!files.complete) warn('Extended attributes and device files cannot be restored on this system.');

    const shared = new SharedArrayBuffer(sharedWords.count * 4);
    const data: RestoreData = {
      role: 'restore', repository: { keys: repository.keys, version: repository.config.version, polynomial: repository.config.polynomial },
      shared, sparse: parsed.sparse ?? false, gentle: parsed.gentle ?? false,
    };
    const pool: RestorePool = new WorkerPool({ size, data, threads });
    const cancel = (): void => { pool.fail(new HoldfastError('cancelled', 'Cancelled.')); };
    signal.addEventListener('abort', cancel);
    const bytes = new BigInt64Array(shared);
    const reporter = new ProgressReporter(control.onProgress, () => ({
      action: 'restore', ...(tally.walked ? { total_files: tally.files, total_bytes: tally.totalBytes } : {}), files_done: tally.restored + tally.skippedFiles,
      bytes_done: Number(Atomics.load(bytes, sharedWords.bytesDone / 2)), error_count: tally.errorCount,
    }));
    try {
      const target = fromText(resolve(parsed.target));
      const writer = new ContentWriter(pool, repository.backend, (path, message) => { tally.error(path, message); }, signal);
      const restorer = new Restorer({
        files, index, loadTree: (id) => reader.tree(id, signal), writer, tally, selection,
        overwrite: parsed.overwrite ?? 'always', deleteOthers: parsed.delete ?? false, dryRun: parsed.dryRun ?? false, signal,
      });
      await restorer.run(tree, target);
      if (parsed.verify && !parsed.dryRun) await verifyFiles(restorer.written, pool, index, tally);
      return {
        message_type: 'summary', snapshot_id: snapshot.id, total_files: tally.files, files_restored: tally.restored,
        files_skipped: tally.skippedFiles, files_deleted: tally.deleted, total_bytes: tally.totalBytes,
        bytes_restored: Number(Atomics.load(bytes, sharedWords.bytesDone / 2)), bytes_skipped: tally.skippedBytes,
        files_verified: tally.verified, total_duration: (Date.now() - started) / 1000, error_count: tally.errorCount, errors: tally.errors,
      } satisfies RestoreSummary;
    } finally {
      signal.removeEventListener('abort', cancel);
      reporter.stop();
      await pool.close();
    }
  }).finally(() => threads.close());
}

/** One sentence instead of one for each file. */
function checkTarget(target: string): void {
  let isFile: boolean;
  try {
    isFile = statSync(target, { throwIfNoEntry: false })?.isDirectory() === false;
  } catch (error) {
    if (codeOf(error) !== 'ENOTDIR') throw localError(error, target);
    throw new HoldfastError('usage', `${target} cannot be a folder: something on the way to it is a file. Name another folder.`, { cause: error });
  }
  if (isFile) {
    throw new HoldfastError('usage', `${target} is a file. Name a folder to restore into; it is made when it is not there.`);
  }
}
