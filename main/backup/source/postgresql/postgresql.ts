/**
 * PostgreSQL by its own tools: one custom-format dump per database, plus roles and tablespaces.
 *
 * The custom format without compression: pg_restore takes single tables out of it, and since equal rows stay equal bytes, the
 * repository deduplicates it and compresses it itself (measured in docs/sources.md).
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../../shared/errors.js';
import { passwordTarget, serverText, type PostgresqlSource } from '../../../shared/sources.js';
import { Tools } from '../process/command.js';
import type { Host } from '../process/host.js';
import { findTool } from '../process/tools.js';
import { databasesFolder, dumpMode, pathPart, type DatabaseOfSite, type OpenedSource, type SnapshotStream, type SourcePorts } from '../source.js';
import { explainPostgres } from './errors.js';

const packages = { debian: 'postgresql-client', fedora: 'postgresql', homebrew: 'libpq' };
/** How long a dump waits for a lock on a table, ms. Without a limit, a forgotten transaction would hold up the backup for good. */
const lockWait = 120_000;
const tlsModes = { prefer: 'prefer', require: 'require', verify: 'verify-full' } as const;

const facts = z.object({
  version: z.number().int(),
  all_roles: z.boolean(),
  databases: z.array(z.string()),
});

/** A connection string with its values quoted, so that no name of a database can add a setting (libpq, "Keyword/Value Connection Strings"). */
export function connection(source: PostgresqlSource, database: string): string {
  const inContainer = source.container !== undefined;
  const values: Record<string, string | undefined> = {
    host: inContainer && source.host === 'localhost' ? undefined : source.host, port: source.port?.toString(), user: source.user, dbname: database,
    sslmode: inContainer ? undefined : tlsModes[source.tls], application_name: 'holdfast', connect_timeout: '15',
  };
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [`${key}='${value.replace(/[\\']/g, '\\$&')}'`])).join(' ');
}

/** Debian keeps one set of tools per version beside the wrappers on the PATH. Newest first. */
export async function versionedFolders(): Promise<string[]> {
  const roots = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt', '/usr'];
  const found: { version: number; folder: string }[] = [];
  for (const root of roots) {
    for (const name of await readdir(root).catch(() => [])) {
      const version = /^(?:postgresql@|pgsql-)?(\d+)$/.exec(name)?.[1];
      if (version !== undefined) found.push({ version: Number(version), folder: path.join(root, name, 'bin') });
    }
  }
  return found.sort((a, b) => b.version - a.version).map(({ folder }) => folder);
}

export async function postgresTool(host: Host, name: string): Promise<string> {
  const versioned = host.container === null ? (await versionedFolders()).map((folder) => path.join(folder, name)) : [];
  return findTool(host, { programs: [...versioned, name], packages });
}

const major = (number: number): number => Math.floor(number / 10_000);

/** @throws HoldfastError where the server cannot be dumped: not there, no right, a tool missing or too old. */
export async function openPostgresql(source: PostgresqlSource, host: Host, ports: SourcePorts, options: DatabaseOfSite = {}): Promise<OpenedSource> {
  const where = `PostgreSQL at ${serverText(source)}`;
  const password = options.password === undefined ? await ports.password(passwordTarget(source)) : options.password;
  const explain = explainPostgres(where, source.user);
  const [psql, pgDump, pgDumpall] = [await postgresTool(host, 'psql'), await postgresTool(host, 'pg_dump'), await postgresTool(host, 'pg_dumpall')];
  const tools = new Tools(host, password === null ? {} : { PGPASSWORD: password }, ports.patience);
  const ask = (program: string, args: string[]): Promise<string> => tools.text({ program, args }, { tool: path.basename(program), explain });

  const known = facts.parse(JSON.parse(await ask(psql, [
    '--no-psqlrc', '--no-align', '--tuples-only', '--no-password', '--set=ON_ERROR_STOP=1', `--dbname=${connection(source, source.databases?.[0] ?? 'postgres')}`, '--command',
    `select json_build_object('version', current_setting('server_version_num')::int,
      'all_roles', (select rolsuper from pg_roles where rolname = current_user),
      'databases', (select coalesce(json_agg(datname order by datname), '[]') from pg_database where datallowconn and not datistemplate))`,
  ])));
  const version = Number(/(\d+)(?:\.\d+)?/.exec((await ask(pgDump, ['--version'])).replace(/\(.*?\)/, ''))?.[1] ?? 0);
  if (version < major(known.version)) {
    throw new HoldfastError('source-failed', `${where} is version ${major(known.version)}, and pg_dump here is version ${version}, which cannot read newer servers. Install postgresql-client-${major(known.version)} or newer.`);
  }
  const missing = source.databases?.find((name) => !known.databases.includes(name));
  if (missing !== undefined) throw new HoldfastError('source-missing', `${where} has no database "${missing}". Choose its databases anew in the job.`);
  const excluded = new Set(source.excludeDatabases);
  const databases = (source.databases ?? known.databases).filter((name) => !excluded.has(name));
  const withRoles = options.site === undefined;
  if (withRoles && !known.all_roles) ports.warn(`The user of ${where} is no superuser, so the passwords of its roles are not in the backup.`);

  const folder = `${databasesFolder}/postgresql/${pathPart(serverText(source))}`;
  const stream = (name: string, file: string, program: string, args: string[]): SnapshotStream => ({
    name, path: `${folder}/${file}`, mode: dumpMode, time: new Date(),
    open: (signal) => tools.stream({ program, args }, { tool: path.basename(program), signal, explain: explainPostgres(name, source.user) }),
  });
  return {
    folders: [], excludes: [],
    streams: [
      ...withRoles ? [stream(`Roles of ${where}`, 'globals.sql', pgDumpall, [
        '--globals-only', '--no-password', `--dbname=${connection(source, source.databases?.[0] ?? 'postgres')}`, ...(known.all_roles ? [] : ['--no-role-passwords']),
      ])] : [],
      ...databases.map((database) => stream(`PostgreSQL database "${database}"`, `${pathPart(database)}.dump`, pgDump, [
        '--format=custom', '--compress=0', '--no-password', `--lock-wait-timeout=${lockWait}`, `--dbname=${connection(source, database)}`,
        ...(source.excludeSchemas ?? []).map((name) => `--exclude-schema=${name}`),
        ...(source.excludeTables ?? []).map((name) => `--exclude-table=${name}`),
        ...(source.excludeTableData ?? []).map((name) => `--exclude-table-data=${name}`),
      ])),
    ],
    close: () => tools.close(),
  };
}
