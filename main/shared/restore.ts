/** What is in a snapshot, as screens list it, and which of it are dumps of databases. Pure. */
import { z } from 'zod';

/** A path inside a snapshot: absolute, without `.` and `..`. */
export const snapshotPathSchema = z.string().startsWith('/', 'a path must be absolute').max(16_384)
  .refine((path) => !path.includes('\0') && path.split('/').every((part) => part !== '.' && part !== '..'), 'a path has no "." and ".." in it');
export const snapshotIdSchema = z.string().regex(/^([0-9a-f]{4,64}|latest)$/, 'a snapshot is named by its id');

export const entryTypes = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'] as const;
export const snapshotEntrySchema = z.object({
  name: z.string(),
  /** Absolute, inside the snapshot. Bytes that are no UTF-8 are shown as U+FFFD. */
  path: z.string(),
  type: z.enum(entryTypes),
  /** Bytes; null for what has no content. */
  size: z.number().int().min(0).nullable(),
  /** RFC 3339. */
  mtime: z.string(),
});
export type SnapshotEntry = z.infer<typeof snapshotEntrySchema>;

/** The pattern that matches exactly this path and what lies below it (restic's pattern syntax). */
export const exactPattern = (path: string): string => path.replace(/[\\*?[\]]/g, '\\$&');

/** A pattern that finds names which hold the text somewhere; one with * or ? must fit the whole name. */
export const namePattern = (text: string): string => (/[*?]/.test(text) ? text.replace(/[\\[\]]/g, '\\$&') : `*${exactPattern(text)}*`);

/** The path of what is called `name` in `folder`. */
export const childPath = (folder: string, name: string): string => `${folder === '/' ? '' : folder}/${name}`;
/** The folder that holds it; `/` for itself. */
export const parentPath = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const dumpKinds = ['postgresql', 'mysql', 'mongodb', 'redis', 'sqlite'] as const;
export type DumpKind = (typeof dumpKinds)[number];

/** A dump of a database inside a snapshot, found by where it lies. */
export interface DumpPlace {
  readonly kind: DumpKind;
  /** `roles`: users and rights of a whole server. */
  readonly content: 'database' | 'roles';
  /** The server as the job names it; empty for SQLite. */
  readonly server: string;
  /** The database's name; for SQLite the file. */
  readonly database: string;
}

/** Where dumps are in a snapshot, beside the folders of the computer. */
export const dumpsFolder = '/databases';

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** @param path of a file in a snapshot @returns null for what is no dump. */
export function dumpAt(path: string): DumpPlace | null {
  const [, root, kind, server, file, ...rest] = path.split('/');
  if (`/${root ?? ''}` !== dumpsFolder || server === undefined) return null;
  if (kind === 'sqlite') return { kind, content: 'database', server: '', database: path.slice(`${dumpsFolder}/sqlite`.length) };
  if (file === undefined || rest.length > 0) return null;
  const named = (ending: string): string | null => (file.endsWith(ending) && file.length > ending.length ? decoded(file.slice(0, -ending.length)) : null);
  const place = (of: DumpKind, content: DumpPlace['content'], database: string | null): DumpPlace | null =>
    (database === null ? null : { kind: of, content, server: decoded(server), database });
  switch (kind) {
    case 'postgresql': return file === 'globals.sql' ? place(kind, 'roles', 'globals') : place(kind, 'database', named('.dump'));
    case 'mysql': return file === 'users.sql' ? place(kind, 'roles', 'users') : place(kind, 'database', named('.sql'));
    case 'mongodb': return place(kind, 'database', named('.archive'));
    case 'redis': return place(kind, 'database', named('.rdb'));
    default: return null;
  }
}

const kindNames: Readonly<Record<DumpKind, string>> = { postgresql: 'PostgreSQL', mysql: 'MySQL', mongodb: 'MongoDB', redis: 'Redis', sqlite: 'SQLite' };
export const kindName = (kind: DumpKind): string => kindNames[kind];

/** For screens: `PostgreSQL database "shop"`, `Roles of PostgreSQL at localhost:5432`. */
export function dumpName({ kind, content, server, database }: DumpPlace): string {
  if (content === 'roles') return `${kind === 'mysql' ? 'Users' : 'Roles'} of ${kindNames[kind]} at ${server}`;
  if (kind === 'redis') return `Redis at ${server}`;
  if (kind === 'mongodb' && database === 'all') return `MongoDB at ${server}`;
  return `${kindNames[kind]} database ${kind === 'sqlite' ? database : `"${database}"`}`;
}
