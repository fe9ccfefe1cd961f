/**
 * Sources that are not plain folders. None holds a password: those are in the agent's keychain, by server (`passwordTarget`), or
 * in the site's own settings. So a job that names another server does not get this server's password.
 */
import { z } from 'zod';

const absolutePath = z.string().startsWith('/', 'a path must be absolute').max(4096);
const text = z.string().min(1).max(255);
const names = z.array(text).max(1000).optional();
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
  excludes: z.array(z.string().min(1).max(4096)).max(1000).default([]),
  container,
});
export const laravelSource = z.object({
  type: z.literal('laravel'),
  /** The folder with .env and artisan. */
  folder: absolutePath,
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
