/**
 * Where a repository's files live. The contract is small on purpose: retry, limits and caches are decorators around it.
 * All methods reject with HoldfastError: `not-found` for a missing file, `destination-missing`, `destination-full`,
 * `destination-failed`, `permission-denied`. `retryable` says whether trying again can help.
 */
export type FileKind = 'config' | 'keys' | 'locks' | 'snapshots' | 'index' | 'data';

export interface FileHandle {
  readonly kind: FileKind;
  /** The ID; empty for the config file. */
  readonly name: string;
  /** Said of packs that hold trees and no data: a cache may keep those. */
  readonly metadata?: boolean;
}

/** A complete file on this computer that saving may take over: after a successful save it is gone or no longer ours. */
export interface Spool {
  readonly path: string;
  readonly size: number;
}

export interface ListedFile {
  readonly name: string;
  readonly size: number;
}

export interface Backend {
  /** For messages: never holds a secret. */
  readonly location: string;
  /** Makes the folders of a new repository. */
  create(): Promise<void>;
  /** The file is there and durable when the promise settles, or not at all. An existing file is replaced. */
  save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void>;
  load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer>;
  /** Size in bytes. */
  stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }>;
  list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile>;
  /** A missing file is no error. */
  remove(file: FileHandle, signal?: AbortSignal): Promise<void>;
  /** A folder in which a spool file can be written so that saving it is a rename; made if needed. */
  spoolFolder(): Promise<string>;
  /** Removes spool files of this process that nobody saved. */
  discardSpool(): Promise<void>;
  /** The file's path where it can simply be opened on this computer, else null. */
  localPath(file: FileHandle): string | null;
  close(): Promise<void>;
}

export function isSpool(content: Uint8Array | Spool): content is Spool {
  return !(content instanceof Uint8Array);
}
