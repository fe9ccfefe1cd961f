/**
 * What a source is to the engine: files made of streams, and folders to walk, for one snapshot.
 *
 * A stream that fails fails the whole backup, so no snapshot looks complete but is not. Nothing of a dump is on disk, and no
 * more of it in memory than a few pieces.
 */

/** A file of the snapshot whose content comes from a program or a server. */
export interface SnapshotStream {
  /** For screens: `PostgreSQL database "shop"`. */
  readonly name: string;
  /** Absolute, inside the snapshot. */
  readonly path: string;
  /** Permission bits. Dumps hold what the database protects: readable by their owner only. */
  readonly mode: number;
  readonly time: Date;
  /**
   * Starts it. Leaving the iteration early ends what was started, and waits for that.
   * The iteration throws HoldfastError where the content is not complete.
   */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A source that was looked at: it is there, its tools are, and what it will store is known. */
export interface OpenedSource {
  readonly streams: readonly SnapshotStream[];
  /** Absolute paths to walk. */
  readonly folders: readonly string[];
  /** restic's patterns. */
  readonly excludes: readonly string[];
  /** Ends whatever still runs and removes what was made for it. Never rejects. */
  close(): Promise<void>;
}

/** The part of this computer that sources may use. */
export interface SourcePorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * The password for `postgresql://user@host:port` and the like, or null where none is known. Passwords belong to a server
   * and not to a job: a job that names another server gets another password or none.
   */
  readonly password: (target: string) => Promise<string | null>;
  /** What a person should know, as it happens. */
  readonly warn: (text: string) => void;
  /** How long a tool may say nothing before it is taken to hang, ms; 10 minutes when absent. */
  readonly patience?: number;
}

/** How a site opens the database that its settings name. */
export interface DatabaseOfSite {
  /** What the settings say, null where they say that there is none; absent: the keychain knows. */
  readonly password?: string | null;
  /** Only its database is dumped, and not the server's users. */
  readonly site?: {
    /** For messages: `The WordPress site in /srv/www`. */
    readonly title: string;
    /** A table that must be there. */
    readonly table?: string;
  };
}

/** Where dumps are in a snapshot, beside the folders of the computer. */
export const databasesFolder = '/databases';

/** A name as one part of a path: without `/`, control characters, `.` and `..`; reversible by decodeURIComponent. */
export function pathPart(name: string): string {
  const safe = name.replace(/[%/\u0000-\u001f\u007f]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return safe === '.' || safe === '..' || safe === '' ? safe.replaceAll('.', '%2e') || '%' : safe;
}

/** Only the owner may read a dump. */
export const dumpMode = 0o600;
