/** A Laravel application: its files with .env and storage, and the database of the driver that .env configures. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { mysqlSource, postgresqlSource, type LaravelSource, type MysqlSource, type PostgresqlSource } from '../../../shared/sources.js';
import { exactly, patternsBelow, realFolder, withLinked } from '../folders.js';
import { openMysql } from '../mysql/mysql.js';
import { openPostgresql } from '../postgresql/postgresql.js';
import type { Host } from '../process/host.js';
import type { OpenedSource, SourcePorts } from '../source.js';
import { openSqlite } from '../sqlite/sqlite.js';
import { tokensOf, type Token } from '../wordpress/php.js';
import { envValue, parseEnv } from './env.js';

/** More is no settings file. */
const mostSettings = 1024 * 1024;

export type LaravelDatabase =
  | { readonly type: 'server'; readonly source: MysqlSource | PostgresqlSource; readonly password: string | undefined }
  | { readonly type: 'sqlite'; readonly path: string }
  /** `:memory:` */
  | { readonly type: 'none' };

async function settings(file: string): Promise<string | null> {
  try {
    if ((await stat(file)).size > mostSettings) throw new HoldfastError('source-failed', `${file} is too large for a settings file. Check the folder.`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new HoldfastError('permission-denied', `You may not read ${file}. Correct its permissions.`, { cause });
  }
}

/** `'default' => env('DB_CONNECTION', 'sqlite')`: what counts where .env does not say (Laravel, config/database.php). */
export function defaultConnection(php: string, file: string): string | null {
  const tokens = tokensOf(php, file);
  const is = (token: Token | undefined, text: string): boolean => (token?.kind === 'string' ? token.value === text : token !== undefined && 'text' in token && token.text === text);
  const beginning = ['default', '=', '>', 'env', '(', 'DB_CONNECTION', ','];
  for (let at = 0; at < tokens.length; at += 1) {
    if (!beginning.every((text, i) => is(tokens[at + i], text))) continue;
    const value = tokens[at + beginning.length];
    return value?.kind === 'string' ? value.value : null;
  }
  return null;
}

const drivers: Readonly<Record<string, string>> = { mysql: 'mysql', mariadb: 'mysql', pgsql: 'postgresql', postgres: 'postgresql', postgresql: 'postgresql', sqlite: 'sqlite', sqlite3: 'sqlite' };

interface Connection { driver: string; host?: string | undefined; port?: string | undefined; user?: string | undefined; password?: string | undefined; database?: string | undefined }

/** DB_URL goes before the single settings (Laravel, Illuminate\Support\ConfigurationUrlParser). */
function fromUrl(text: string, file: string): Partial<Connection> {
  const sqlite = /^sqlite3?:\/\/(?:localhost)?(\/.*)$/.exec(text)?.[1];
  if (sqlite !== undefined) return { driver: 'sqlite', database: sqlite };
  if (!URL.canParse(text)) throw new HoldfastError('source-failed', `The DB_URL in ${file} is not an address. Correct it.`);
  const url = new URL(text);
  const part = (value: string): string | undefined => {
    try {
      return decodeURIComponent(value) || undefined;
    } catch {
      return value || undefined;
    }
  };
  return { driver: url.protocol.slice(0, -1), host: part(url.hostname), port: part(url.port), user: part(url.username), password: part(url.password), database: part(url.pathname.slice(1)) };
}

/**
 * @param fallback the connection that counts where .env names none; null where that is not known
 * @throws HoldfastError `source-failed` where it does not tell the database
 */
export function laravelDatabase(env: ReadonlyMap<string, string>, { folder, file, fallback, container }: { folder: string; file: string; fallback: string | null; container?: string | undefined }): LaravelDatabase {
  const value = (name: string): string | undefined => envValue(env, name);
  const url = value('DB_URL') ?? value('DATABASE_URL');
  const connection: Connection = {
    driver: value('DB_CONNECTION') ?? fallback ?? '', host: value('DB_SOCKET') || value('DB_HOST'), port: value('DB_PORT'),
    user: value('DB_USERNAME'), password: value('DB_PASSWORD'), database: value('DB_DATABASE'),
    ...(url ? Object.fromEntries(Object.entries(fromUrl(url, file)).filter(([, each]) => each !== undefined)) : {}),
  };
  if (connection.driver === '') throw new HoldfastError('source-failed', `${file} does not say which database is used. Write DB_CONNECTION into it.`);
  const type = drivers[connection.driver];
  if (type === undefined) throw new HoldfastError('source-failed', `${file} uses the connection "${connection.driver}", which is not backed up here. Those are mysql, mariadb, pgsql and sqlite.`);
  const { database } = connection;
  if (type === 'sqlite') {
    if (database === ':memory:') return { type: 'none' };
    return { type, path: path.resolve(folder, database || 'database/database.sqlite') };
  }
  if (!database) throw new HoldfastError('source-failed', `${file} does not name the database. Write DB_DATABASE into it.`);
  const place = container === undefined ? { host: connection.host || '127.0.0.1', port: connection.port ? Number(connection.port) : undefined } : { container };
  const parsed = (type === 'mysql' ? mysqlSource : postgresqlSource).safeParse({ type, ...place, user: connection.user || undefined, databases: [database] });
  if (!parsed.success) throw new HoldfastError('source-failed', `${file} does not tell where the database is: ${parsed.error.issues[0]?.message ?? 'it is not understood'}. Correct DB_HOST and DB_PORT.`);
  return { type: 'server', source: parsed.data, password: connection.password };
}

/** @throws HoldfastError where the settings cannot be read. */
export async function readLaravel(folder: string, container?: string): Promise<LaravelDatabase> {
  const file = path.join(folder, '.env');
  const text = await settings(file);
  if (text === null) throw new HoldfastError('source-missing', `There is no .env in ${folder}. Name the folder of the Laravel application.`);
  const config = path.join(folder, 'config', 'database.php');
  const php = await settings(config);
  return laravelDatabase(parseEnv(text, file), { folder, file, container, fallback: php === null ? null : defaultConnection(php, config) });
}

/** @throws HoldfastError where there is no application, its settings do not tell its database, or that cannot be dumped. */
export async function openLaravel(source: LaravelSource, host: Host, ports: SourcePorts): Promise<OpenedSource> {
  const folder = await realFolder(source.folder, 'Laravel application');
  const database = await readLaravel(folder, source.container);
  const opened = await openDatabase(database, `The Laravel application in ${folder}`, host, ports);
  return {
    streams: opened?.streams ?? [],
    folders: await withLinked(folder, [path.join(folder, '.env'), path.join(folder, 'storage'), path.join(folder, 'storage', 'app')]),
    excludes: [
      ...patternsBelow(folder, source.excludes),
      // a copy of the file itself, read while it is written to, would be a trap beside the dump
      ...(database.type === 'sqlite' ? ['', '-wal', '-shm', '-journal'].map((ending) => exactly(database.path + ending)) : []),
    ],
    close: async () => { await opened?.close(); },
  };
}

async function openDatabase(database: LaravelDatabase, title: string, host: Host, ports: SourcePorts): Promise<OpenedSource | null> {
  switch (database.type) {
    case 'none': return null;
    case 'sqlite': return openSqlite({ type: 'sqlite', path: database.path }, ports);
    case 'server': {
      const { password, source } = database;
      const options = { password: password ?? null, site: { title } };
      return source.type === 'mysql' ? openMysql(source, host, ports, options) : openPostgresql(source, host, ports, options);
    }
  }
}
