/**
 * What other rooms say to the engine and hear from it: requests, progress and results, all plain data.
 * Results use restic's own JSON field names, so that scripts written for restic read ours.
 * Requests are zod schemas because they cross a thread; absent fields mean restic's defaults.
 */
import { z } from 'zod';

/** How to reach a repository. `url` is restic's: a path, `local:path`, `s3:...`, `sftp:...`, `rest:...`. */
export const repositoryAccess = z.object({
  url: z.string().min(1),
  password: z.string(),
  /** Where metadata of remote repositories is kept; absent: the platform's cache folder. `false`: no cache. */
  cacheFolder: z.union([z.string(), z.literal(false)]).optional(),
  /** Settings of a backend (keys, endpoints ...) that do not belong in an URL. */
  backend: z.record(z.string(), z.string()).optional(),
  /** Bytes per second. */
  limitUpload: z.number().positive().optional(),
  limitDownload: z.number().positive().optional(),
  /** How long to wait for another's lock, in milliseconds. Default 0: fail at once. */
  lockTimeout: z.number().nonnegative().optional(),
});
export type RepositoryAccess = z.infer<typeof repositoryAccess>;

const base = z.object({ repository: repositoryAccess });

/** `off`, `fastest`, `auto` (default) and `max` as in restic. */
export const compressionMode = z.enum(['off', 'fastest', 'auto', 'max']);
export type CompressionMode = z.infer<typeof compressionMode>;

export const initRequest = base.extend({
  version: z.union([z.literal(1), z.literal(2)]).optional(),
  /** Take the chunker polynomial of this repository, so that `copy` between the two deduplicates. */
  copyChunkerFrom: repositoryAccess.optional(),
});
export type InitRequest = z.input<typeof initRequest>;

export const excludeOptions = z.object({
  exclude: z.array(z.string()).optional(),
  iexclude: z.array(z.string()).optional(),
  excludeFile: z.array(z.string()).optional(),
  iexcludeFile: z.array(z.string()).optional(),
  /** Leave out folders with a CACHEDIR.TAG. */
  excludeCaches: z.boolean().optional(),
  /** `name` or `name:header`: leave out folders that hold such a file. */
  excludeIfPresent: z.array(z.string()).optional(),
  /** Bytes. */
  excludeLargerThan: z.number().nonnegative().optional(),
  oneFileSystem: z.boolean().optional(),
  /** Leave out what a developer can make again: node_modules, build caches, VM images ... */
  developerPreset: z.boolean().optional(),
  /** Follow .gitignore files found on the way. */
  gitignore: z.boolean().optional(),
});
export type ExcludeOptions = z.infer<typeof excludeOptions>;

export const backupRequest = base.extend({
  /** Files and folders, absolute or relative to `workingFolder`. Empty only with `stdin`. */
  paths: z.array(z.string()),
  workingFolder: z.string().optional(),
  host: z.string().optional(),
  tags: z.array(z.string()).optional(),
  /** RFC 3339; default now. */
  time: z.string().optional(),
  /** A snapshot id or prefix, or `latest`; default: the newest with the same host and paths. */
  parent: z.string().optional(),
  /** Read every file again, whatever the parent says. */
  force: z.boolean().optional(),
  ignoreInode: z.boolean().optional(),
  ignoreCtime: z.boolean().optional(),
  withAtime: z.boolean().optional(),
  skipIfUnchanged: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  compression: compressionMode.optional(),
  excludes: excludeOptions.optional(),
  /** Save the bytes of `control.input` as a file of this name instead of paths. */
  stdin: z.object({ name: z.string().min(1) }).optional(),
  /** One worker, lowest CPU and disk priority. */
  gentle: z.boolean().optional(),
  /** CPU workers; default: one per core, at most 8. */
  workers: z.number().int().positive().max(64).optional(),
  /** Count everything first, so that progress has totals. Default true. */
  scan: z.boolean().optional(),
  /** Pack size in MiB; default 16. */
  packSize: z.number().int().min(4).max(128).optional(),
});
export type BackupRequest = z.input<typeof backupRequest>;

/** Which snapshots: an id or prefix, `latest`, or everything that matches the filters. */
export const snapshotFilter = z.object({
  host: z.array(z.string()).optional(),
  /** Each entry is a comma-separated list, all of which must be there; one matching entry is enough. */
  tags: z.array(z.string()).optional(),
  paths: z.array(z.string()).optional(),
});
export type SnapshotFilter = z.infer<typeof snapshotFilter>;

export const snapshotsRequest = base.extend({
  ids: z.array(z.string()).optional(),
  filter: snapshotFilter.optional(),
  /** Only the newest N of each host and paths. */
  latest: z.number().int().positive().optional(),
});
export type SnapshotsRequest = z.input<typeof snapshotsRequest>;

export const lsRequest = base.extend({
  snapshot: z.string(),
  filter: snapshotFilter.optional(),
  /** Only these folders (absolute paths inside the snapshot). */
  paths: z.array(z.string()).optional(),
  recursive: z.boolean().optional(),
});
export type LsRequest = z.input<typeof lsRequest>;

export const findRequest = base.extend({
  patterns: z.array(z.string()).min(1),
  ignoreCase: z.boolean().optional(),
  snapshots: z.array(z.string()).optional(),
  filter: snapshotFilter.optional(),
  oldest: z.string().optional(),
  newest: z.string().optional(),
});
export type FindRequest = z.input<typeof findRequest>;

export const diffRequest = base.extend({ from: z.string(), to: z.string(), metadata: z.boolean().optional() });
export type DiffRequest = z.input<typeof diffRequest>;

export const overwriteMode = z.enum(['always', 'if-changed', 'if-newer', 'never']);
export const restoreRequest = base.extend({
  /** Id, prefix or `latest`; `id:/sub/folder` restores that folder's contents. */
  snapshot: z.string(),
  filter: snapshotFilter.optional(),
  /** The folder to restore below; made when missing. */
  target: z.string().min(1),
  include: z.array(z.string()).optional(),
  iinclude: z.array(z.string()).optional(),
  exclude: z.array(z.string()).optional(),
  iexclude: z.array(z.string()).optional(),
  verify: z.boolean().optional(),
  sparse: z.boolean().optional(),
  overwrite: overwriteMode.optional(),
  /** Remove what is in the target and not in the snapshot. */
  delete: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  gentle: z.boolean().optional(),
  workers: z.number().int().positive().max(64).optional(),
});
export type RestoreRequest = z.input<typeof restoreRequest>;

export const dumpRequest = base.extend({
  snapshot: z.string(),
  filter: snapshotFilter.optional(),
  /** A file, or a folder, which comes as an archive. */
  path: z.string().min(1),
  archive: z.enum(['tar', 'zip']).optional(),
});
export type DumpRequest = z.input<typeof dumpRequest>;

export const checkRequest = base.extend({
  readData: z.boolean().optional(),
  /** `n/t`, `x%` or a size such as `50M`, as in restic. */
  readDataSubset: z.string().optional(),
  noLock: z.boolean().optional(),
  gentle: z.boolean().optional(),
  workers: z.number().int().positive().max(64).optional(),
});
export type CheckRequest = z.input<typeof checkRequest>;

export const keepPolicy = z.object({
  last: z.number().int().optional(),
  hourly: z.number().int().optional(),
  daily: z.number().int().optional(),
  weekly: z.number().int().optional(),
  monthly: z.number().int().optional(),
  yearly: z.number().int().optional(),
  /** Durations as restic's: `1y5m7d2h`. */
  within: z.string().optional(),
  withinHourly: z.string().optional(),
  withinDaily: z.string().optional(),
  withinWeekly: z.string().optional(),
  withinMonthly: z.string().optional(),
  withinYearly: z.string().optional(),
  tags: z.array(z.string()).optional(),
});
export type KeepPolicy = z.infer<typeof keepPolicy>;

export const pruneOptions = z.object({
  /** `5%` (default), `200M`, `unlimited`. */
  maxUnused: z.string().optional(),
  maxRepackSize: z.string().optional(),
  repackCacheableOnly: z.boolean().optional(),
  repackSmall: z.boolean().optional(),
  repackUncompressed: z.boolean().optional(),
});
export type PruneOptions = z.infer<typeof pruneOptions>;

export const forgetRequest = base.extend({
  /** Forget exactly these; no policy then. */
  ids: z.array(z.string()).optional(),
  keep: keepPolicy.optional(),
  filter: snapshotFilter.optional(),
  /** Default `['host', 'paths']`. */
  groupBy: z.array(z.enum(['host', 'paths', 'tags'])).optional(),
  /** A policy that would keep nothing is refused unless this is set. */
  unsafeAllowRemoveAll: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  prune: pruneOptions.optional(),
});
export type ForgetRequest = z.input<typeof forgetRequest>;

export const pruneRequest = base.extend({ dryRun: z.boolean().optional(), options: pruneOptions.optional() });
export type PruneRequest = z.input<typeof pruneRequest>;

export const unlockRequest = base.extend({ removeAll: z.boolean().optional() });
export type UnlockRequest = z.input<typeof unlockRequest>;

export const statsRequest = base.extend({
  mode: z.enum(['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data']).optional(),
  snapshots: z.array(z.string()).optional(),
  filter: snapshotFilter.optional(),
});
export type StatsRequest = z.input<typeof statsRequest>;

export const tagRequest = base.extend({
  ids: z.array(z.string()).optional(),
  filter: snapshotFilter.optional(),
  set: z.array(z.string()).optional(),
  add: z.array(z.string()).optional(),
  remove: z.array(z.string()).optional(),
});
export type TagRequest = z.input<typeof tagRequest>;

export const copyRequest = base.extend({
  /** Copy from here into `repository`. */
  from: repositoryAccess,
  snapshots: z.array(z.string()).optional(),
  filter: snapshotFilter.optional(),
});
export type CopyRequest = z.input<typeof copyRequest>;

export const repairIndexRequest = base.extend({ readAllPacks: z.boolean().optional() });
export type RepairIndexRequest = z.input<typeof repairIndexRequest>;

export const keyListRequest = base;
export const keyAddRequest = base.extend({ newPassword: z.string().min(1), user: z.string().optional(), host: z.string().optional() });
export const keyRemoveRequest = base.extend({ id: z.string().min(1) });
export const keyPasswdRequest = base.extend({ newPassword: z.string().min(1) });
export type KeyListRequest = z.input<typeof keyListRequest>;
export type KeyAddRequest = z.input<typeof keyAddRequest>;
export type KeyRemoveRequest = z.input<typeof keyRemoveRequest>;
export type KeyPasswdRequest = z.input<typeof keyPasswdRequest>;

export const configRequest = base;
export type ConfigRequest = z.input<typeof configRequest>;

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

export interface FindResult { matches: { snapshot: string; time: string; hits: number; matches: LsEntry[] }[] }

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

/** What a caller may hand to an operation beside its request. None of it is kept after the operation has ended. */
export interface Control {
  signal?: AbortSignal;
  /** Called at most about ten times a second. */
  onProgress?: (progress: Progress) => void;
  /** A file that could not be read, and the like, as it happens. */
  onItemError?: (error: ItemError) => void;
  /** What a person should know, as it happens (a stale lock removed, a retry ...). */
  onWarning?: (text: string) => void;
}
export interface InputControl extends Control { input?: AsyncIterable<Uint8Array> }
export interface OutputControl extends Control {
  /** Takes the next piece of output; the next one comes after the promise has settled. */
  output: (piece: Uint8Array) => Promise<void> | void;
}
export interface EntriesControl extends Control {
  /** With this, entries come in batches as they are found and the result's list stays empty. */
  onEntries?: (entries: LsEntry[]) => Promise<void> | void;
}

/**
 * The engine as other rooms see it. Each operation opens the repository, does one thing and closes it.
 * All reject with HoldfastError and nothing else.
 */
export interface Engine {
  init(request: InitRequest, control?: Control): Promise<InitResult>;
  /** Opens the repository with the password and reads its config: the cheapest proof that both are right. */
  config(request: ConfigRequest, control?: Control): Promise<RepositoryConfig>;
  backup(request: BackupRequest, control?: InputControl): Promise<BackupSummary>;
  restore(request: RestoreRequest, control?: Control): Promise<RestoreSummary>;
  snapshots(request: SnapshotsRequest, control?: Control): Promise<Snapshot[]>;
  ls(request: LsRequest, control?: EntriesControl): Promise<LsResult>;
  find(request: FindRequest, control?: Control): Promise<FindResult>;
  diff(request: DiffRequest, control?: Control): Promise<DiffResult>;
  dump(request: DumpRequest, control: OutputControl): Promise<DumpResult>;
  check(request: CheckRequest, control?: Control): Promise<CheckSummary>;
  forget(request: ForgetRequest, control?: Control): Promise<ForgetResult>;
  prune(request: PruneRequest, control?: Control): Promise<PruneSummary>;
  unlock(request: UnlockRequest, control?: Control): Promise<UnlockResult>;
  stats(request: StatsRequest, control?: Control): Promise<StatsResult>;
  tag(request: TagRequest, control?: Control): Promise<TagResult>;
  copy(request: CopyRequest, control?: Control): Promise<CopyResult>;
  repairIndex(request: RepairIndexRequest, control?: Control): Promise<RepairIndexResult>;
  keyList(request: KeyListRequest, control?: Control): Promise<KeyInfo[]>;
  keyAdd(request: KeyAddRequest, control?: Control): Promise<KeyInfo>;
  keyRemove(request: KeyRemoveRequest, control?: Control): Promise<{ removed: string }>;
  keyPasswd(request: KeyPasswdRequest, control?: Control): Promise<KeyInfo>;
  /** Ends whatever still runs (as `cancelled`) and frees threads. */
  close(): Promise<void>;
}
