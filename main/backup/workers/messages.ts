/** What conductor and CPU workers say to each other. Workers are threads of this program; the first message gives them their role. */
import type { MessagePort } from 'node:worker_threads';
import type { UnchangedFolder } from '../archiver/unchanged.js';
import type { KeyMaterial } from '../format/crypto.js';
import type { Id } from '../format/id.js';
import type { ByteString } from '../format/text.js';
import type { FinishedPack } from '../pack/pack-writer.js';
import type { CompressionMode } from '../types.js';
import type { ErrorShape } from '../../shared/errors.js';

export interface RepositoryData {
  readonly keys: KeyMaterial;
  readonly version: 1 | 2;
  readonly polynomial: bigint;
}

/** Int32 words shared by conductor and workers. */
export const sharedWords = { cancelled: 0, bytesDone: 2, count: 4 } as const;

export interface ArchiveData {
  readonly role: 'archive';
  readonly repository: RepositoryData;
  readonly compression: CompressionMode;
  readonly spoolFolder: string;
  readonly packSize: number;
  readonly known: SharedArrayBuffer;
  /** `sharedWords`; `bytesDone` is a 64-bit counter. */
  readonly shared: SharedArrayBuffer;
  readonly dryRun: boolean;
  readonly gentle: boolean;
  readonly withAtime: boolean;
}

/** What a worker does while nobody knows its role yet: look at what is in these folders and all below, until it gets one. */
export interface SurveyData {
  readonly role: 'survey';
  readonly paths: readonly ByteString[];
  readonly withAtime: boolean;
  /** Listings go here, until it is full. */
  readonly room: SharedArrayBuffer;
  /** Told what is there. */
  readonly port: MessagePort;
}
/** Null for a folder that cannot be listed, or only with a closer look. */
export type SurveyReport = readonly (readonly [path: ByteString, place: Surveyed | null])[];

/** A file as the conductor saw it. */
export interface FileToRead {
  readonly path: ByteString;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number | bigint;
}

/** Where a survey has put the listing of a folder. */
export interface Surveyed { readonly from: number; readonly to: number }

/** A folder that may be as it was, with its tree in the parent snapshot, still sealed. */
export interface FolderToLook {
  readonly path: ByteString;
  readonly tree: { readonly id: Id; readonly pack: Id; readonly uncompressedLength: number; readonly sealed: Uint8Array };
}

export type ArchiveTask =
  | { readonly kind: 'files'; readonly files: readonly FileToRead[] }
  /** Find the cuts of a huge file from a chunk's start on. */
  | { readonly kind: 'cuts'; readonly path: ByteString; readonly from: number; readonly most: number }
  /** Store these chunks of a huge file. */
  | { readonly kind: 'chunks'; readonly path: ByteString; readonly from: number; readonly lengths: readonly number[] }
  /** Store one chunk that the conductor has. */
  | { readonly kind: 'blob'; readonly bytes: Uint8Array }
  /** Tell which of these folders have not changed. */
  | { readonly kind: 'look'; readonly folders: readonly FolderToLook[] }
  | { readonly kind: 'flush' }
  | { readonly kind: 'abandon' };

export interface BlobCounts { blobs: number; added: number; packed: number }

export interface FileResult {
  readonly content: Id[];
  readonly size: number;
  /** The file was not the one the conductor had seen, or changed while it was read. */
  readonly stale: boolean;
  /** It kept changing: what was stored may never have been there at one moment. */
  readonly unstable: boolean;
  readonly error?: { readonly code: string; readonly message: string };
}

export type ArchiveResult =
  | { readonly kind: 'files'; readonly results: FileResult[]; readonly counts: BlobCounts }
  | { readonly kind: 'cuts'; readonly lengths: number[]; readonly ended: boolean }
  | { readonly kind: 'look'; readonly unchanged: (UnchangedFolder | null)[] }
  | { readonly kind: 'done'; readonly counts: BlobCounts };

export interface PackEvent { readonly kind: 'pack'; readonly pack: FinishedPack }

/** A worker's first message. */
export type RoleData = ArchiveData | RestoreData | CheckData;

/** The envelope around every other message. */
export interface Request<Task> { readonly number: number; readonly task: Task }
export type Reply<Result, Event> =
  | { readonly number: number; readonly result: Result }
  | { readonly number: number; readonly error: ErrorShape }
  | { readonly event: Event };

/** Where a worker gets a pack's bytes from. */
export type PackSource =
  | { readonly path: string }
  /** Ranges that the conductor has loaded. */
  | { readonly pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[] };

export interface RestoreData {
  readonly role: 'restore';
  readonly repository: RepositoryData;
  readonly shared: SharedArrayBuffer;
  readonly sparse: boolean;
  readonly gentle: boolean;
}

export interface FileMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: { seconds: number; nanos: number };
  readonly atime: { seconds: number; nanos: number };
  readonly xattrs: readonly { name: ByteString; value: Uint8Array }[];
}

export interface FileToWrite {
  readonly path: ByteString;
  readonly size: number;
  /** Present when this task writes all of the file: then the task makes the file and gives it its metadata. */
  readonly metadata: FileMetadata | null;
}

export interface BlobToWrite {
  readonly id: Id;
  readonly offset: number;
  readonly length: number;
  readonly uncompressedLength: number;
  /** Pairs: index into the task's files, position in that file. */
  readonly writes: readonly number[];
}

export type RestoreTask =
  | { readonly kind: 'pack'; readonly pack: Id; readonly source: PackSource; readonly files: readonly FileToWrite[]; readonly blobs: readonly BlobToWrite[] }
  | { readonly kind: 'verify'; readonly files: readonly { path: ByteString; size: number; blobs: readonly { id: Id; length: number }[] }[] };

export interface RestoreResult { readonly failures: { readonly file: number; readonly message: string }[] }

export interface CheckData {
  readonly role: 'check';
  readonly repository: RepositoryData;
  readonly shared: SharedArrayBuffer;
  readonly gentle: boolean;
}

export interface CheckTask {
  readonly pack: Id;
  readonly source: { readonly path: string } | { readonly bytes: Uint8Array };
  /** What the index says is in the pack. */
  readonly expected: readonly { id: Id; type: 'data' | 'tree'; offset: number; length: number; uncompressedLength: number }[];
}

export interface CheckResult { readonly errors: string[]; readonly bytes: number }
