/** What a drill loads dumps into. */
import type { Content } from '../../../backup/source/process/feed.js';
import type { ScratchFolders } from '../scratch.js';

export interface DumpServer {
  /** Users and roles, before any database. What cannot be loaded of them is left out. */
  roles(content: Content): Promise<void>;
  /** Loads a dump into a database of its own, counts it, and drops it. */
  load(content: Content): Promise<{ tables: number; rows: number }>;
  /** Ends it and removes all of it. */
  close(): Promise<void>;
}

export interface DumpServerKind {
  /** @param dumpBytes size of the largest dump that it must hold */
  start(folders: ScratchFolders, dumpBytes: number, signal: AbortSignal): Promise<DumpServer>;
}
