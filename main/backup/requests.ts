/**
 * Requests: zod schemas, because they cross a thread. Absent fields mean restic's defaults.
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
  /** Files beside `paths` whose content is read from `control.stream` by their number here. They are read one after another. */
  streams: z.array(z.object({
    /** Absolute, inside the snapshot. */
    path: z.string().startsWith('/'),
    /** Permission bits; default 0644. */
    mode: z.number().int().min(0).max(0o777).optional(),
    /** RFC 3339; default: the snapshot's. */
    time: z.string().optional(),
  })).optional(),
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
  /** Of files; with `objects`, IDs or prefixes of them. */
  patterns: z.array(z.string()).min(1),
  /** Look for what uses these blobs, trees, or the blobs of these packs, instead of for names. */
  objects: z.enum(['blob', 'tree', 'pack']).optional(),
  ignoreCase: z.boolean().optional(),
  snapshots: z.array(z.string()).optional(),
  filter: snapshotFilter.optional(),
  oldest: z.string().optional(),
  newest: z.string().optional(),
  /** List each version of a file once, in the newest of the snapshots that has it, and stop after so many. */
  versions: z.number().int().positive().optional(),
});
export type FindRequest = z.input<typeof findRequest>;

export const diffRequest = base.extend({ from: z.string(), to: z.string(), metadata: z.boolean().optional() });
export type DiffRequest = z.input<typeof diffRequest>;

export const upheavalRequest = base.extend({
  from: z.string(),
  to: z.string(),
  /** How many changed paths are listed. */
  listed: z.number().int().nonnegative().default(200),
});
export type UpheavalRequest = z.input<typeof upheavalRequest>;

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
  /** Trust the metadata kept on this computer instead of reading the repository's. */
  withCache: z.boolean().optional(),
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
  /** The repository's own ID: first removes the index, then what is unused, and writes nothing before; for a destination without room. */
  unsafeRecoverNoFreeSpace: z.string().optional(),
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

/** Needs no password. */
export const existsRequest = z.object({ repository: repositoryAccess.omit({ password: true }) });
export type ExistsRequest = z.input<typeof existsRequest>;

export const configRequest = base;
export type ConfigRequest = z.input<typeof configRequest>;
