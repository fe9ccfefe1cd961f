/** Loads a dump of a snapshot back into a server that a person names, or saves it as a file. Straight from the repository: nothing of it is on disk on the way. */
import { lstat, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { loadMongodb } from '../../backup/source/mongodb/load.js';
import { loadMysql } from '../../backup/source/mysql/load.js';
import { loadPostgresql } from '../../backup/source/postgresql/load.js';
import type { Content } from '../../backup/source/process/feed.js';
import type { Host } from '../../backup/source/process/host.js';
import { checkSqlite } from '../../backup/source/sqlite/load.js';
import { HoldfastError } from '../../shared/errors.js';
import { dumpAt, dumpName, kindName, type DumpPlace } from '../../shared/restore.js';
import type { DatabaseSource } from '../../shared/sources.js';
import { writeTo } from '../drill/dumps.js';

export interface DatabaseOrder {
  readonly place: DumpPlace;
  readonly content: Content;
  /** A server with the name of the database to be made, or the file to be written. */
  readonly into: DatabaseSource | { readonly type: 'file'; readonly path: string };
  readonly password: string | null;
  /** The name of a database that is there and may be replaced, typed by a person; null to make a new one only. */
  readonly replace: string | null;
  /** PostgreSQL: give everything to the roles it belonged to. */
  readonly owners: boolean;
  readonly signal: AbortSignal;
}

export interface LoadedDatabase {
  /** Where it is now. */
  readonly into: string;
  /** Null where nothing was counted. */
  readonly tables: number | null;
  readonly rows: number | null;
}

/** Dumps of a snapshot that go by this name: the database's, or the dump's path in the snapshot. @throws HoldfastError `not-found`, `usage` when several do. */
export function pickDump(paths: readonly string[], wanted: string): { path: string; place: DumpPlace } {
  const all = paths.flatMap((at) => {
    const place = dumpAt(at);
    return place === null ? [] : [{ path: at, place }];
  });
  const found = all.filter((dump) => dump.path === wanted || dump.place.database === wanted);
  const [only] = found;
  if (only === undefined) throw new HoldfastError('not-found', all.length === 0 ? 'There is no dump of a database in this snapshot.' : `There is no database "${wanted}" in this snapshot. There ${all.length === 1 ? 'is' : 'are'}: ${all.slice(0, 20).map(({ place }) => place.database).join(', ')}.`);
  if (found.length > 1) throw new HoldfastError('usage', `Several databases are called "${wanted}". Give one of: ${found.map((dump) => dump.path).join(', ')}.`);
  return only;
}

/** @throws HoldfastError in one sentence; a database or file that was made for it is gone then. */
export async function restoreDatabase(order: DatabaseOrder, host: Host): Promise<LoadedDatabase> {
  const { content, into, owners, password, place, replace, signal } = order;
  if (into.type === 'file' || into.type === 'sqlite') return saveFile(order, into.path);
  if (into.type === 'redis') throw new HoldfastError('usage', 'A running Redis cannot load a copy. Save it as a file with --into /path/dump.rdb, and start a server with it.');
  if (into.type !== place.kind) throw new HoldfastError('usage', `${dumpName(place)} can be loaded into ${kindName(place.kind)} only, or saved as a file.`);
  if (place.content === 'roles') throw new HoldfastError('usage', `${dumpName(place)} is SQL for the whole server. Save it as a file, read it, and load what you want of it with the server's own client.`);
  if (into.type === 'mongodb') {
    const to = into.database ?? place.database;
    if (place.database === 'all' && into.database !== undefined) throw new HoldfastError('usage', 'This archive holds all databases of a server, and they keep their names. Leave the name out of --into.');
    // mongorestore cannot be asked what is there, so nothing is loaded without a typed name
    if (replace !== to) throw new HoldfastError('usage', `Whether MongoDB has a database "${to}" already cannot be seen from here. Type its name with --replace ${to} to load it, in place of what may be there.`);
    await loadMongodb({ source: into, password, content, replace: true, signal, rename: place.database === 'all' ? null : { from: place.database, to } }, host);
    return { into: to, tables: null, rows: null };
  }
  const [database, second] = into.databases ?? [];
  if (database === undefined || second !== undefined) throw new HoldfastError('usage', `Name one database to be made, at the end of --into: ${into.type}://…/${place.database}`);
  if (replace !== null && replace !== database) throw new HoldfastError('usage', `--replace names "${replace}", but --into names "${database}". Type the same name twice to replace it.`);
  const load = { password, database, content, replace: replace !== null, signal };
  const counted = into.type === 'postgresql' ? await loadPostgresql({ ...load, source: into, owners }, host) : await loadMysql({ ...load, source: into }, host);
  return { into: database, ...counted };
}

async function saveFile({ content, into, place, replace, signal }: DatabaseOrder, file: string): Promise<LoadedDatabase> {
  if (into.type === 'sqlite' && place.kind !== 'sqlite') throw new HoldfastError('usage', `${dumpName(place)} is no SQLite database. Name a plain path to save it as a file.`);
  const exists = await lstat(file).then(() => true, () => false);
  if (exists && replace !== file) throw new HoldfastError('usage', `${file} is there already. Name a new file, or type its path again with --replace.`);
  const half = path.join(path.dirname(file), `.${path.basename(file)}.holdfast-${process.pid}`);
  try {
    await writeTo(half, content);
    const counted = place.kind === 'sqlite' ? await checkSqlite(half, dumpName(place), signal) : null;
    await rename(half, file);
    return { into: file, tables: counted?.tables ?? null, rows: counted?.rows ?? null };
  } finally {
    await rm(half, { force: true });
  }
}
