/**
 * What the agent needs from the world. Adapters live in main/platform; tests bring their own.
 * Each port is as narrow as its user: nothing here knows of D-Bus, Electron, files or threads.
 */
import type { ErrorShape } from '../shared/errors.js';
import type { LogLevel, Retention, RunProgress, RunResult, Source } from '../shared/model.js';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `ms` milliseconds; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/**
 * Secrets by name, e.g. `agent-token` or `repository:<destination id>`.
 * Every method rejects with HoldfastError `keychain-locked` or `keychain-unavailable`; "absent" is null, never an error.
 */
export interface SecretStore {
  readonly kind: 'keychain' | 'file';
  /** For screens: "the GNOME keyring", "the file …/secrets.json, readable by you only". */
  readonly description: string;
  get(name: string): Promise<string | null>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
}

/** A small JSON document that survives a power cut: reads give the last value whose write was awaited. */
export interface Document<T> {
  read(): T;
  write(value: T): Promise<void>;
}

/** Lines appended to a file. `sync` waits until the disk has them. A torn last line is dropped on opening. */
export interface AppendLog {
  /** All lines that were whole when the log was opened, in order. */
  readonly initial: readonly string[];
  append(line: string, options: { sync: boolean }): Promise<void>;
  /** Atomically replaces all by `lines`. */
  rewrite(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface Logger {
  log(level: LogLevel, message: string, runId?: string): void;
}

/** Wake from sleep and change of network, so that the tunnel need not wait for its backoff. Events may come twice. */
export interface PowerAndNetwork {
  /** @returns a function that ends the subscription. */
  onWake(callback: () => void): () => void;
  onNetworkChange(callback: () => void): () => void;
  isOnBattery(): Promise<boolean>;
  isMetered(): Promise<boolean>;
}

/** Disks by identity, for destinations on disks that come and go. Paths are absolute. */
export interface Disks {
  /** How to find this path again, or null where it is on the system's own disk or on one without an identity. */
  place(path: string): Promise<{ readonly volumeId: string; readonly path: string } | null>;
  /** Where that is now, or null while its disk is not attached. */
  locate(placement: { readonly volumeId: string; readonly path: string }): Promise<string | null>;
  /** Rejects with `destination-missing` when the path is the empty mount point of a disk that is away. */
  check(path: string): Promise<unknown>;
  eject(placement: { readonly volumeId: string; readonly path: string }): Promise<void>;
  /** Something was mounted or unmounted. @returns a function that ends the subscription. */
  watch(callback: () => void): () => void;
}

/** How the engine reaches a repository. Nothing of it but the URL may be logged. */
export interface RepositoryAccess {
  readonly url: string;
  readonly password: string;
  /** The destination's keys and settings, as its backend names them (see main/backup/backend). */
  readonly backend?: Readonly<Record<string, string>> | undefined;
}

export interface BackupOrder {
  readonly repository: RepositoryAccess;
  readonly sources: readonly Source[];
  readonly host: string;
  readonly tags: readonly string[];
  /** One worker at low priority, so that nobody notices. */
  readonly gentle: boolean;
}

/** The backup engine. All work happens away from the calling thread. Rejects with HoldfastError; an aborted signal gives `cancelled`. */
export interface Engine {
  backup(order: BackupOrder, onProgress: (progress: RunProgress) => void, signal: AbortSignal): Promise<RunResult>;
  /** @param like a new one gets the chunker of this one, so that copies share what they have. @returns false when there is a repository already and the password opens it. @throws `wrong-password` when it does not. */
  prepare(repository: RepositoryAccess, like?: RepositoryAccess): Promise<{ created: boolean }>;
  /** Snapshots with these tags that are not in `to` yet. @returns how many were copied, and the bytes of what was missing there. */
  copy(from: RepositoryAccess, to: RepositoryAccess, tags: readonly string[], signal: AbortSignal): Promise<{ snapshots: number; bytes: number }>;
  /** @returns whether a repository is there. @throws `destination-missing` when the place itself is not there. */
  exists(place: Omit<RepositoryAccess, 'password'>): Promise<boolean>;
  /** Writes, lists, reads and deletes a small file there. */
  probe(place: Omit<RepositoryAccess, 'password'>): Promise<ProbeResult>;
  forget(repository: RepositoryAccess, retention: Retention, tags: readonly string[], signal: AbortSignal): Promise<{ removed: number }>;
  snapshots(repository: RepositoryAccess): Promise<SnapshotInfo[]>;
  /** What is not in `to` as it was in `from`, in files with content. @throws `not-found` when one of them is gone. */
  upheaval(repository: RepositoryAccess, from: string, to: string, signal: AbortSignal): Promise<Upheaval>;
  close(): Promise<void>;
}

export type ProbeResult =
  | { readonly ok: true; readonly repository: boolean; readonly appendOnly: boolean }
  /** `hostKey`: the fingerprint of an SSH server that nobody has vouched for yet. */
  | { readonly ok: false; readonly error: ErrorShape; readonly hostKey: string | null };

export interface Upheaval {
  readonly changed: number;
  /** Gone, and not merely moved. */
  readonly removed: number;
  /** Could be compressed before, and cannot now. */
  readonly scrambled: number;
  /** The first changed ones, absolute on this computer. */
  readonly changedPaths: readonly string[];
}

export interface SnapshotInfo {
  readonly id: string;
  readonly time: string;
  readonly tree: string;
  readonly paths: string[];
  readonly hostname: string;
  readonly tags: string[];
}
