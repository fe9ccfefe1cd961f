/**
 * Progress and results: plain data with restic's own JSON field names, so that scripts written for restic read ours.
 */
import { z } from 'zod';
import type { ErrorShape } from '../shared/errors.js';

/** restic's `status` message. Seconds and bytes. Totals are absent while they are unknown. */
export const progress = z.object({
  message_type: z.literal('status'),
  action: z.enum(['open', 'scan', 'backup', 'restore', 'verify', 'check', 'read-data', 'prune', 'copy', 'repair', 'delete']),
  seconds_elapsed: z.number(),
  seconds_remaining: z.number().optional(),
  /** 0 to 1. */
  percent_done: z.number(),
  total_files: z.number().optional(),
  files_done: z.number(),
  total_bytes: z.number().optional(),
  bytes_done: z.number(),
  error_count: z.number(),
  current_files: z.array(z.string()).optional(),
});
export type Progress = z.infer<typeof progress>;

/** Something that went wrong without ending the operation. */
export interface ItemError { path: string; message: string }

/** At most this many errors are listed; counts are always exact. */
export const maxListedErrors = 1000;

export interface InitResult { message_type: 'initialized'; id: string; repository: string; version: number }

/** The part of a backup's summary that restic 0.17 and newer keep in the snapshot. */
export interface SnapshotSummary {
  backup_start: string;
  backup_end: string;
  files_new: number;
  files_changed: number;
  files_unmodified: number;
  dirs_new: number;
  dirs_changed: number;
  dirs_unmodified: number;
  data_blobs: number;
  tree_blobs: number;
  data_added: number;
  data_added_packed: number;
  total_files_processed: number;
  total_bytes_processed: number;
}

/** What an exclude rule left out. `bytes` is unknown (absent) where counting would have cost a walk. */
export interface ExcludedByRule { rule: string; count: number; bytes?: number }

export interface BackupSummary extends SnapshotSummary {
  message_type: 'summary';
  dry_run: boolean;
  total_duration: number;
  /** Absent on a dry run and when `skipIfUnchanged` found nothing new. */
  snapshot_id?: string;
  parent_id?: string;
  tree_id: string;
  /** Files and folders that could not be read: exact count, capped list. */
  error_count: number;
  errors: ItemError[];
  excluded: ExcludedByRule[];
}

export interface Snapshot {
  id: string;
  short_id: string;
  time: string;
  parent?: string;
  tree: string;
  paths: string[];
  hostname: string;
  username?: string;
  uid?: number;
  gid?: number;
  excludes?: string[];
  tags?: string[];
  original?: string;
  program_version?: string;
  summary?: SnapshotSummary;
}

export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular';

/** One line of `ls --json`. Paths are UTF-8 where they can be; other bytes are shown as U+FFFD. */
export interface LsEntry {
  message_type: 'node';
  name: string;
  type: NodeType;
  path: string;
  uid: number;
  gid: number;
  user?: string;
  group?: string;
  size?: number;
  /** Go's file mode bits, as restic prints them, and the same as text. */
  mode: number;
  permissions: string;
  mtime: string;
  atime: string;
  ctime: string;
  inode?: number;
  linktarget?: string;
}
export interface LsResult { snapshot: Snapshot; entries: LsEntry[] }

/** Where a blob or tree is used, as restic's JSON has it. */
export interface FoundObject {
  object_type: 'blob' | 'tree';
  id: string;
  path: string;
  parent_tree?: string;
  snapshot: string;
  time: string;
}

export interface FindResult {
  matches: { snapshot: string; time: string; hits: number; matches: LsEntry[] }[];
  /** Only of a search for objects. */
  objects: FoundObject[];
}

export interface DiffChange {
  message_type: 'change';
  path: string;
  /** `+` added, `-` removed, `M` content, `T` type, `U` metadata. */
  modifier: string;
}
export interface DiffStat { files: number; dirs: number; others: number; data_blobs: number; tree_blobs: number; bytes: number }
export interface DiffResult {
  message_type: 'statistics';
  source_snapshot: string;
  target_snapshot: string;
  changed_files: number;
  added: DiffStat;
  removed: DiffStat;
  changes: DiffChange[];
}

/** What is not as it was, in files with content. */
export interface Upheaval {
  /** Other content under the same name. */
  files_changed: number;
  /** Gone, and their content is under no new name either. */
  files_removed: number;
  /** Could be compressed before, and cannot now: in place, or under another name. */
  files_scrambled: number;
  /** The first changed ones, as paths inside the snapshot. */
  changed_paths: string[];
}

export interface RestoreSummary {
  message_type: 'summary';
  snapshot_id: string;
  total_files: number;
  files_restored: number;
  files_skipped: number;
  files_deleted: number;
  total_bytes: number;
  bytes_restored: number;
  bytes_skipped: number;
  /** Files whose content was read back and compared. */
  files_verified: number;
  total_duration: number;
  error_count: number;
  errors: ItemError[];
}

export interface DumpResult { snapshot_id: string; bytes: number }

export interface CheckSummary {
  message_type: 'summary';
  /** True when the repository is whole. */
  ok: boolean;
  error_count: number;
  errors: { file: string; message: string }[];
  /** Not errors: packs without use, duplicates, old temp files. */
  hints: string[];
  broken_packs: string[];
  snapshots: number;
  packs: number;
  packs_read: number;
  bytes_read: number;
  total_duration: number;
}

export interface ForgetGroup {
  host?: string;
  paths?: string[];
  tags?: string[];
  keep: Snapshot[];
  remove: Snapshot[];
  reasons: { snapshot: string; matches: string[] }[];
}
export interface ForgetResult { groups: ForgetGroup[]; removed: string[]; dry_run: boolean; prune?: PruneSummary }

export interface PruneSummary {
  message_type: 'summary';
  dry_run: boolean;
  packs_kept: number;
  packs_repacked: number;
  packs_removed: number;
  blobs_used: number;
  blobs_unused: number;
  blobs_duplicate: number;
  bytes_used: number;
  bytes_unused: number;
  bytes_repacked: number;
  bytes_freed: number;
  total_duration: number;
}

export interface UnlockResult { removed: number; remaining: number }
export interface StatsResult {
  mode: string;
  snapshots_count: number;
  total_size: number;
  total_file_count?: number;
  total_blob_count?: number;
  total_uncompressed_size?: number;
  compression_ratio?: number;
  compression_space_saving?: number;
}
export interface TagResult { changed: { old: string; new: string }[] }
export interface CopyResult { copied: { source: string; snapshot: string }[]; skipped: string[]; blobs: number; bytes: number }
export interface RepairIndexResult { packs: number; packs_read: number; removed_indexes: number; damaged_packs: string[] }
export interface KeyInfo { id: string; current: boolean; userName: string; hostName: string; created: string }
export interface RepositoryConfig { version: number; id: string; chunker_polynomial: string }

/** Where the try-out of a destination was when it failed. */
export type ProbeStep = 'connect' | 'write' | 'list' | 'read' | 'delete';

export type ProbeResult =
  /** `repository`: there is one already. `appendOnly`: files can be added and not removed, as a hub's storage has it. */
  | { readonly ok: true; readonly repository: boolean; readonly appendOnly: boolean; readonly milliseconds: number }
  /** `hostKey`: the fingerprint of an SSH server that nobody has vouched for yet; it may be accepted as the setting `host-key`. */
  | { readonly ok: false; readonly step: ProbeStep; readonly error: ErrorShape; readonly hostKey: string | null };
