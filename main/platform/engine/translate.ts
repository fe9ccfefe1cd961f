/** The agent's words and the engine's: orders to requests, summaries to results. Pure. */
import type { BackupOrder, SnapshotInfo } from '../../agent/ports.js';
import type { BackupRequest, BackupSummary, KeepPolicy, Progress, Snapshot } from '../../backup/index.js';
import type { OpenedSource } from '../../backup/source/source.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Retention, RunProgress, RunResult } from '../../shared/model.js';

export function backupRequestFor(order: BackupOrder, repository: BackupRequest['repository'], sources: Pick<OpenedSource, 'streams' | 'folders' | 'excludes'>): BackupRequest {
  return {
    repository,
    paths: [...sources.folders],
    ...(sources.streams.length === 0 ? {} : { streams: sources.streams.map(({ mode, path, time }) => ({ mode, path, time: time.toISOString() })) }),
    host: order.host,
    tags: [...order.tags],
    gentle: order.gentle,
    excludes: { exclude: [...sources.excludes] },
  };
}

const phases: Readonly<Partial<Record<Progress['action'], RunProgress['phase']>>> = { open: 'preparing', scan: 'preparing', backup: 'backing-up' };
const whole = (value: number): number => Math.max(0, Math.round(value));

export function runProgress(progress: Progress): RunProgress {
  return {
    phase: phases[progress.action] ?? 'finishing',
    filesDone: whole(progress.files_done),
    bytesDone: whole(progress.bytes_done),
    filesTotal: progress.total_files === undefined ? null : whole(progress.total_files),
    bytesTotal: progress.total_bytes === undefined ? null : whole(progress.total_bytes),
    bytesStored: 0, // the engine tells it at the end
    errors: whole(progress.error_count),
    currentPath: progress.current_files?.[0]?.slice(0, 4096) ?? null,
  };
}

/** How many unreadable files a result lists; it counts all of them. */
const mostListed = 100;

/** @throws HoldfastError `internal` when the engine wrote no snapshot though none of its options allows that. */
export function runResult(summary: BackupSummary): RunResult {
  const { snapshot_id: snapshotId } = summary;
  if (snapshotId === undefined) throw new HoldfastError('internal', 'The backup ended without a snapshot. Run it again; if that happens again, see the Logs page.');
  return {
    snapshotId,
    treeId: summary.tree_id,
    filesNew: summary.files_new, filesChanged: summary.files_changed, filesUnmodified: summary.files_unmodified,
    dirsNew: summary.dirs_new, dirsChanged: summary.dirs_changed, dirsUnmodified: summary.dirs_unmodified,
    bytesProcessed: summary.total_bytes_processed,
    bytesAdded: summary.data_added,
    bytesStored: summary.data_added_packed,
    durationMs: Math.max(0, summary.total_duration * 1000),
    unreadableCount: summary.error_count,
    warnings: [],
    copies: [],
    unreadable: summary.errors.slice(0, mostListed).map(({ path, message }) => ({ path: path.slice(0, 4096), message: message.slice(0, 1000) })),
  };
}

/** Rules that are absent stay absent: the engine takes an unknown rule for an error. */
export function keepPolicyFor(retention: Retention): KeepPolicy {
  const rules: KeepPolicy = {
    last: retention.keepLast, hourly: retention.keepHourly, daily: retention.keepDaily, weekly: retention.keepWeekly,
    monthly: retention.keepMonthly, yearly: retention.keepYearly, within: retention.keepWithin,
  };
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
}

export const snapshotInfo = ({ id, time, tree, paths, hostname, tags }: Snapshot): SnapshotInfo =>
  ({ id, time: new Date(time).toISOString(), tree, paths, hostname, tags: tags ?? [] });
