/** What restoring and proving need of the engine: to look into a snapshot and to get things out of it. Its adapter is in main/platform. */
import type { SnapshotEntry } from '../../shared/restore.js';
import type { FoundVersion } from '../../shared/restores.js';
import type { RepositoryAccess } from '../ports.js';

/** An entry with what a comparison needs besides. */
export interface FoundEntry extends SnapshotEntry {
  /** Permission bits, with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Names with the same number are hard links of one file; null where it is not known. */
  readonly inode: number | null;
}

export interface Listing {
  readonly snapshot: string;
  /** The folder to list, `/` for the top; absent: everything in the snapshot. */
  readonly folder?: string;
  readonly signal: AbortSignal;
  /** Takes the next entries; more come once it has settled. The folder itself is not among them. */
  onEntries(entries: readonly FoundEntry[]): Promise<void> | void;
}

export interface RestoreOrder {
  /** `id`, or `id:/sub/folder` for the contents of that folder. */
  readonly snapshot: string;
  /** Absolute; made when missing. */
  readonly target: string;
  /** restic's patterns; absent: everything. Either this or `exclude`. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly overwrite: 'always' | 'if-changed' | 'if-newer' | 'never';
  /** Read all back and compare it with the hashes of the snapshot. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
  onProgress?(progress: RestoreProgress): void;
}

export interface RestoreProgress {
  readonly filesDone: number;
  readonly filesTotal: number | null;
  readonly bytesDone: number;
  readonly bytesTotal: number | null;
}

export interface Restored {
  readonly snapshotId: string;
  readonly files: number;
  /** Files that were there and were left alone. */
  readonly skipped: number;
  readonly bytes: number;
  readonly verified: number;
  readonly errorCount: number;
  /** The first of them. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

/** All reject with HoldfastError; an aborted signal gives `cancelled`. */
export interface SnapshotReader {
  list(repository: RepositoryAccess, listing: Listing): Promise<void>;
  /** Versions of entries whose name matches a pattern, each once, in the newest of the snapshots that has it; at most `limit`. @param search with snapshots from the oldest to the newest */
  find(repository: RepositoryAccess, search: { readonly snapshots: readonly string[]; readonly pattern: string; readonly limit: number; readonly signal: AbortSignal }): Promise<{ found: FoundVersion[]; more: boolean }>;
  restore(repository: RepositoryAccess, order: RestoreOrder): Promise<Restored>;
  /** A file, or a folder as an archive, piece by piece: the next one comes once `output` has settled. Every blob is checked against its hash. */
  read(repository: RepositoryAccess, source: { readonly snapshot: string; readonly path: string; readonly archive?: 'tar' | 'zip'; readonly signal: AbortSignal }, output: (piece: Uint8Array) => Promise<void> | void): Promise<{ bytes: number }>;
}
