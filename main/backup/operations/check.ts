/** The check operation. */
import { availableParallelism } from 'node:os';
import { HoldfastError } from '../../shared/errors.js';
import { checkStructure, type PackState } from '../checker/checker.js';
import { chooseSubset } from '../checker/subset.js';
import { shortId, type Id } from '../format/id.js';
import type { Repository } from '../repository/repository.js';
import { checkRequest, maxListedErrors, type CheckRequest, type CheckSummary, type Control } from '../types.js';
import { sharedWords, type CheckData, type CheckResult, type CheckTask } from '../workers/messages.js';
import { WorkerPool } from '../workers/pool.js';
import { ProgressReporter, withRepository } from './session.js';

/** Damage is in the summary, not thrown. */
export async function check(request: CheckRequest, control: Control = {}): Promise<CheckSummary> {
  const parsed = checkRequest.parse(request);
  const started = Date.now();
  return withRepository(parsed.withCache ? parsed.repository : { ...parsed.repository, cacheFolder: false }, parsed.noLock ? 'none' : 'shared', control, async ({ repository, signal }) => {
    const errors: CheckSummary['errors'] = [];
    const hints: string[] = [];
    const broken = new Set<Id>();
    let errorCount = 0;
    const report = {
      error: (file: string, message: string, pack?: Id): void => {
        errorCount++;
        if (errors.length < maxListedErrors) errors.push({ file, message });
        if (pack !== undefined) broken.add(pack);
        control.onItemError?.({ path: file, message });
      },
      hint: (text: string): void => { hints.push(text); },
    };
    let trees = 0;
    let read = { packs: 0, bytes: 0, total: 0, totalBytes: 0 };
    const reporter = new ProgressReporter(control.onProgress, () => (read.total > 0
      ? { action: 'read-data', files_done: read.packs, total_files: read.total, bytes_done: read.bytes, total_bytes: read.totalBytes, error_count: errorCount }
      : { action: 'check', files_done: trees, bytes_done: 0, error_count: errorCount }));
    try {
      const { packs, snapshots } = await checkStructure(repository, report, signal, (done) => { trees = done; });
      const chosen = parsed.readDataSubset !== undefined ? chooseSubset(packs, parsed.readDataSubset) : parsed.readData ? packs : [];
      read = { packs: 0, bytes: 0, total: chosen.length, totalBytes: chosen.reduce((sum, pack) => sum + pack.size, 0) };
      await readPacks(repository, chosen, { gentle: parsed.gentle ?? false, workers: parsed.workers }, signal, (pack, result) => {
        read.packs++;
        read.bytes += result.bytes;
        for (const message of result.errors) report.error(`pack ${shortId(pack)}`, message, pack);
      });
      return {
        message_type: 'summary', ok: errorCount === 0, error_count: errorCount, errors, hints, broken_packs: [...broken],
        snapshots, packs: packs.length, packs_read: read.packs, bytes_read: read.bytes, total_duration: (Date.now() - started) / 1000,
      } satisfies CheckSummary;
    } finally {
      reporter.stop();
    }
  });
}

/** restic makes none above 128 MiB and a blob. */
const largestPack = 512 * 1024 * 1024;

async function readPacks(
  repository: Repository, packs: readonly PackState[], options: { gentle: boolean; workers: number | undefined },
  signal: AbortSignal, onPack: (pack: Id, result: CheckResult) => void,
): Promise<void> {
  if (packs.length === 0) return;
  const shared = new SharedArrayBuffer(sharedWords.count * 4);
  const data: CheckData = {
    role: 'check', repository: { keys: repository.keys, version: repository.config.version, polynomial: repository.config.polynomial },
    shared, gentle: options.gentle,
  };
  const size = options.gentle ? 1 : options.workers ?? Math.min(availableParallelism(), 8);
  const pool = new WorkerPool<CheckTask, CheckResult>({ size, data });
  const cancel = (): void => { pool.fail(new HoldfastError('cancelled', 'Cancelled.')); };
  signal.addEventListener('abort', cancel);
  const running = new Set<Promise<void>>();
  let failure: unknown;
  try {
    for (const pack of packs) {
      while (running.size >= size * 2 + 1) await Promise.race(running);
      if (failure !== undefined) break;
      const work = readOne(repository, pack, pool, signal).then((result) => { onPack(pack.id, result); }, (error: unknown) => { failure ??= error; })
        .finally(() => { running.delete(work); });
      running.add(work);
    }
    await Promise.all(running);
    if (failure !== undefined) throw failure;
  } finally {
    signal.removeEventListener('abort', cancel);
    await pool.close();
  }
}

async function readOne(repository: Repository, pack: PackState, pool: WorkerPool<CheckTask, CheckResult>, signal: AbortSignal): Promise<CheckResult> {
  const handle = { kind: 'data', name: pack.id } as const;
  const path = repository.backend.localPath(handle);
  if (pack.size > largestPack) return { errors: ['it is larger than any pack may be, and was not read'], bytes: 0 };
  try {
    const source = path !== null ? { path } : { bytes: await repository.backend.load(handle, undefined, signal) };
    return await pool.run({ pack: pack.id, source, expected: pack.blobs });
  } catch (error) {
    if (signal.aborted || !(error instanceof HoldfastError) || error.code === 'cancelled' || error.code === 'internal') throw error;
    return { errors: [error.message], bytes: 0 };
  }
}
