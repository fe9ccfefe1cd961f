/**
 * What other rooms say to the engine and hear from it: requests, progress and results, all plain data.
 */
import type {
  BackupRequest, CheckRequest, ConfigRequest, CopyRequest, DiffRequest, DumpRequest, ExistsRequest,
  FindRequest, ForgetRequest, InitRequest, KeyAddRequest, KeyListRequest, KeyPasswdRequest,
  KeyRemoveRequest, LsRequest, PruneRequest, RepairIndexRequest, RestoreRequest, SnapshotsRequest,
  StatsRequest, TagRequest, UnlockRequest, UpheavalRequest,
} from './requests.js';
import type {
  Progress, ItemError, InitResult, BackupSummary, Snapshot, LsEntry,
  LsResult, FindResult, DiffResult, RestoreSummary, DumpResult, CheckSummary,
  ForgetResult, PruneSummary, UnlockResult, StatsResult, TagResult, CopyResult,
  RepairIndexResult, KeyInfo, RepositoryConfig, Upheaval, ProbeResult,
} from './results.js';
import type { OpenedKeys } from './repository/key-memory.js';

export * from './requests.js';
export * from './results.js';

/** What a caller may hand to an operation beside its request. None of it is kept after the operation has ended. */
export interface Control {
  signal?: AbortSignal;
  /** Called at most about ten times a second. */
  onProgress?: (progress: Progress) => void;
  /** A file that could not be read, and the like, as it happens. */
  onItemError?: (error: ItemError) => void;
  /** What a person should know, as it happens (a stale lock removed, a retry ...). */
  onWarning?: (text: string) => void;
  /** A line for each operation at the destination, for whoever looks for a fault; without secrets. */
  onTrace?: (line: string) => void;
  /** Keys that earlier operations have opened. */
  openedKeys?: OpenedKeys;
}
export interface InputControl extends Control {
  input?: AsyncIterable<Uint8Array>;
  /** Opens one of the request's `streams`. A stream that throws ends the backup without a snapshot. */
  stream?: (number: number) => AsyncIterable<Uint8Array>;
}
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
  /** Whether there is a repository, asked without its password. */
  exists(request: ExistsRequest, control?: Control): Promise<{ exists: boolean }>;
  /** Writes, lists, reads and deletes a small file there. */
  probe(request: ExistsRequest, control?: Control): Promise<ProbeResult>;
  /** Opens the repository with the password and reads its config: the cheapest proof that both are right. */
  config(request: ConfigRequest, control?: Control): Promise<RepositoryConfig>;
  backup(request: BackupRequest, control?: InputControl): Promise<BackupSummary>;
  restore(request: RestoreRequest, control?: Control): Promise<RestoreSummary>;
  snapshots(request: SnapshotsRequest, control?: Control): Promise<Snapshot[]>;
  ls(request: LsRequest, control?: EntriesControl): Promise<LsResult>;
  find(request: FindRequest, control?: Control): Promise<FindResult>;
  diff(request: DiffRequest, control?: Control): Promise<DiffResult>;
  upheaval(request: UpheavalRequest, control?: Control): Promise<Upheaval>;
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
