/** Opens the hub's database: SQLite inside the data folder, or PostgreSQL. Everything above knows Kysely only. */
import path from 'node:path';
import { chmodSync } from 'node:fs';
import { Kysely, Migrator, PostgresDialect, SqliteDialect, type Dialect, type SqliteDatabase, type SqliteStatement, type Transaction } from 'kysely';
import Sqlite from 'libsql';
import pg from 'pg';
import { HoldfastError } from '../../shared/errors.js';
import { migrationsFor, type DatabaseKind } from './migrations.js';
import type { Tables } from './schema.js';

export type Database = Kysely<Tables>;
export type Queries = Database | Transaction<Tables>;

export interface OpenDatabase {
  readonly kind: DatabaseKind;
  readonly db: Database;
  /** Connection settings of PostgreSQL for LISTEN; null on SQLite. */
  readonly postgresUrl: string | null;
  close(): Promise<void>;
}

/** Lists of unlike length make texts of their own; this many are kept. */
const maxPrepared = 300;

export const sqliteFile = (dataFolder: string): string => path.join(dataFolder, 'hub.sqlite');

/**
 * @param url `postgres://…`; SQLite in `dataFolder` when undefined.
 * @throws HoldfastError `usage` for another kind of URL, `hub-unreachable` when PostgreSQL cannot be reached or refuses,
 *   `settings-invalid` when the database is damaged or was written by a newer Holdfast.
 */
export async function openDatabase(dataFolder: string, url: string | undefined): Promise<OpenDatabase> {
  const kind = url === undefined ? 'sqlite' : 'postgres';
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    throw new HoldfastError('usage', 'The database must be given as postgres://user@host/name. Leave it out to use the built-in SQLite.');
  }
  const db = new Kysely<Tables>({ dialect: url === undefined ? await sqliteDialect(sqliteFile(dataFolder)) : postgresDialect(url) });
  try {
    await migrate(db, kind);
  } catch (cause) {
    await db.destroy();
    if (cause instanceof HoldfastError) throw cause;
    const text = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    if (kind === 'sqlite') {
      throw new HoldfastError('settings-invalid', `The hub's database ${sqliteFile(dataFolder)} cannot be opened (${text}). Put a saved copy in its place, or move it away to begin a new hub.`, { cause });
    }
    throw new HoldfastError('hub-unreachable', `The PostgreSQL database cannot be used (${text}). Check its address, user and rights.`, { cause });
  }
  return { kind, db, postgresUrl: url ?? null, close: () => db.destroy() };
}

async function migrate(db: Database, kind: DatabaseKind): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrationsFor(kind)) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof Error && /corrupted migrations|missing/i.test(error.message)) {
    throw new HoldfastError('settings-invalid', 'The hub\'s database was written by a newer Holdfast. Update Holdfast on this computer.', { cause: error });
  }
  throw error;
}

async function sqliteDialect(file: string): Promise<Dialect> {
  let database: Sqlite.Database;
  try {
    database = new Sqlite(file, { timeout: 5_000 });
    chmodSync(file, 0o600);
    database.pragma('journal_mode = WAL');
    // An event is acknowledged only once it would survive a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('settings-invalid', `The hub's database ${file} cannot be opened (${text}). Put a saved copy in its place, or move it away to begin a new hub.`, { cause });
  }
  /** Kysely asks for the same few texts again and again. */
  const prepared = new Map<string, SqliteStatement>();
  const adapter: SqliteDatabase = {
    close: () => {
      prepared.clear();
      database.close();
    },
    prepare: (text) => {
      let statement = prepared.get(text);
      if (statement === undefined) {
        statement = adapt(database.prepare(text));
        if (prepared.size >= maxPrepared) prepared.clear();
        prepared.set(text, statement);
      }
      return statement;
    },
  };
  return Promise.resolve(new SqliteDialect({ database: adapter }));
}

const adapt = (statement: Sqlite.Statement): SqliteStatement => ({
  reader: statement.reader,
  all: (parameters) => statement.all(...parameters),
  run: (parameters) => statement.run(...parameters),
  iterate: (parameters) => statement.iterate(...parameters),
});

function postgresDialect(connectionString: string): Dialect {
  const int8 = 20;
  const pool = new pg.Pool({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 10_000,
    application_name: 'holdfast-hub',
    // Times and counters stay below 2^53; as numbers they are the same as on SQLite.
    types: { getTypeParser: (oid: number, format?: 'text' | 'binary') => (oid === int8 ? Number : (pg.types.getTypeParser(oid, format ?? 'text') as (text: string) => unknown)) } as pg.CustomTypesConfig,
  });
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  return new PostgresDialect({ pool });
}
