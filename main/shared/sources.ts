/**
 * Sources that are not plain folders. None holds a password: those are in the agent's keychain, by server (`passwordTarget`), or
 * in the site's own settings. So a job that names another server does not get this server's password.
 */
import { z } from 'zod';

const absolutePath = z.string().startsWith('/', 'a path must be absolute').max(4096);
const text = z.string().min(1).max(255);
const names = z.array(text).min(1, 'leave the list out instead of leaving it empty').max(1000).optional();
/** A name or address, or a socket (PostgreSQL: its folder) as an absolute path. */
const host = z.string().max(255).regex(/^[^\s-][^\s]*$/, 'a host has no spaces and does not begin with -').default('localhost');
const port = z.number().int().min(1).max(65535).optional();
/** Name or id of a container whose engine (Docker or podman) runs the tools. */
const container = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'this is not a name of a container').optional();
/** `prefer` takes what the server offers; `require` encrypts; `verify` checks the certificate and its name as well. */
const tls = z.enum(['prefer', 'require', 'verify']).default('prefer');
const server = z.object({ host, port, user: text.optional(), container, tls });

export const postgresqlSource = server.extend({
  type: z.literal('postgresql'),
  /** All of the server when absent. */
  databases: names,
  /** restic-like wildcards are not known here: `*` and `?` as in psql. */
  excludeDatabases: names, excludeSchemas: names, excludeTables: names,
  /** The tables are dumped without their rows. */
  excludeTableData: names,
});
export const mysqlSource = server.extend({
  type: z.literal('mysql'),
  databases: names,
  excludeDatabases: names,
  /** `database.table`. */
  excludeTables: names, excludeTableData: names,
});
export const mongodbSource = server.extend({
  type: z.literal('mongodb'),
  /** One database; all when absent. */
  database: text.optional(),
  authenticationDatabase: text.optional(),
});
export const redisSource = server.extend({ type: z.literal('redis') });
export const sqliteSource = z.object({ type: z.literal('sqlite'), path: absolutePath });
export const wordpressSource = z.object({
  type: z.literal('wordpress'),
  /** The folder with wp-config.php, or the one below it. */
  folder: absolutePath,
  /** restic's patterns; those that do not begin with / count from the folder. */
  excludes: z.array(z.string().min(1).max(4096)).max(1000).default([]),
  /** Where its database server runs, if not on this computer. */
  container,
});
export const laravelSource = z.object({
  type: z.literal('laravel'),
  /** The folder with .env and artisan. */
  folder: absolutePath,
  /** As with WordPress. What `composer install` and `npm install` bring again is left out. */
  excludes: z.array(z.string().min(1).max(4096)).max(1000).default(['vendor', 'node_modules']),
  container,
});

export type PostgresqlSource = z.infer<typeof postgresqlSource>;
export type MysqlSource = z.infer<typeof mysqlSource>;
export type MongodbSource = z.infer<typeof mongodbSource>;
export type RedisSource = z.infer<typeof redisSource>;
export type SqliteSource = z.infer<typeof sqliteSource>;
export type WordpressSource = z.infer<typeof wordpressSource>;
export type LaravelSource = z.infer<typeof laravelSource>;

/** All but plain folders. */
export type DatabaseSource = PostgresqlSource | MysqlSource | MongodbSource | RedisSource | SqliteSource | WordpressSource | LaravelSource;
/** Those whose password the keychain has. */
export type ServerSource = PostgresqlSource | MysqlSource | MongodbSource | RedisSource;
export const isServer = (source: { readonly type: string }): source is ServerSource => source.type in defaultPorts;

export const defaultPorts = { postgresql: 5432, mysql: 3306, mongodb: 27017, redis: 6379 } as const;
export type ServerKind = keyof typeof defaultPorts;
interface ServerPlace { readonly type: ServerKind; readonly host: string; readonly port?: number | undefined; readonly user?: string | undefined; readonly container?: string | undefined }

/** The server as people write it: `localhost:5432`, `/run/redis.sock`, `container db`. */
export function serverText({ type, host: at, port: number, container: inside }: ServerPlace): string {
  if (inside !== undefined) return `container ${inside}`;
  return at.startsWith('/') ? at : `${at.includes(':') ? `[${at}]` : at}:${number ?? defaultPorts[type]}`;
}

/** The name under which the keychain has a server's password: `mysql://root@localhost:3306`. */
export function passwordTarget(source: ServerPlace): string {
  return `${source.type}://${source.user ?? ''}@${serverText(source).replace(' ', ':')}`;
}

/** What a source is, in a few words: `PostgreSQL at localhost:5432 (shop, blog)`, `/home/anna/Documents`. */
export function sourceText(source: { readonly type: 'files'; readonly paths: readonly string[] } | DatabaseSource): string {
  switch (source.type) {
    case 'files': return source.paths.join(', ');
    case 'postgresql': return `PostgreSQL at ${serverText(source)}${chosen(source.databases)}`;
    case 'mysql': return `MySQL or MariaDB at ${serverText(source)}${chosen(source.databases)}`;
    case 'mongodb': return `MongoDB at ${serverText(source)}${chosen(source.database === undefined ? undefined : [source.database])}`;
    case 'redis': return `Redis at ${serverText(source)}`;
    case 'sqlite': return `SQLite database ${source.path}`;
    case 'wordpress': return `WordPress site in ${source.folder}`;
    case 'laravel': return `Laravel application in ${source.folder}`;
  }
}

const chosen = (databases: readonly string[] | undefined): string => (databases === undefined ? '' : ` (${databases.join(', ')})`);
