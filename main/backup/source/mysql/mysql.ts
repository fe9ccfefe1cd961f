/**
 * MySQL and MariaDB by their own tools: one SQL dump per database, each in one transaction, plus users where MariaDB's tool can.
 *
 * Every row is a statement of its own: a row that grew must not move the places where statements begin, or nothing after it
 * would deduplicate (measured in docs/sources.md).
 */
import path from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../../shared/errors.js';
import { passwordTarget, serverText, type MysqlSource } from '../../../shared/sources.js';
import { Tools } from '../process/command.js';
import { privateFile, type Host } from '../process/host.js';
import { findTool } from '../process/tools.js';
import { databasesFolder, dumpMode, pathPart, type DatabaseOfSite, type OpenedSource, type SnapshotStream, type SourcePorts } from '../source.js';
import { explainMysql } from './errors.js';
import { optionFile } from './option-file.js';

const clientPackages = { debian: 'default-mysql-client', fedora: 'mariadb', homebrew: 'mysql-client' };
const systemDatabases = new Set(['information_schema', 'performance_schema', 'mysql', 'sys']);

const databaseRow = z.tuple([z.string(), z.string(), z.string()]);

/** A name or text inside SQL. */
const literal = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** Splits what the client prints with --batch: tab, newline and backslash come escaped. */
function rows(text: string): string[][] {
  const plain: Readonly<Record<string, string>> = { t: '\t', n: '\n', '\\': '\\', 0: '\0' };
  return text.split('\n').filter((line) => line !== '')
    .map((line) => line.split('\t').map((field) => field.replace(/\\(.)/g, (_, character: string) => plain[character] ?? character)));
}

/** A database called `users`, beside the dump of the server's users. Decoded as every name is. */
const usersDatabase = '%75sers';

interface Flavour {
  readonly isMaria: boolean;
  readonly version: string;
}

function tlsOptions(source: MysqlSource, toolIsMaria: boolean): Record<string, true | string> {
  if (source.tls === 'prefer') return {};
  if (!toolIsMaria) return { 'ssl-mode': source.tls === 'verify' ? 'VERIFY_IDENTITY' : 'REQUIRED' };
  return source.tls === 'verify' ? { ssl: true, 'ssl-verify-server-cert': true } : { ssl: true };
}

/** @throws HoldfastError where the server cannot be dumped: not there, no right, a tool missing or too old. */
export async function openMysql(source: MysqlSource, host: Host, ports: SourcePorts, options: DatabaseOfSite = {}): Promise<OpenedSource> {
  const where = `MySQL at ${serverText(source)}`;
  const password = options.password === undefined ? await ports.password(passwordTarget(source)) : options.password;
  const client = await findTool(host, { programs: ['mariadb', 'mysql'], packages: clientPackages });
  const tools = new Tools(host, {}, ports.patience);
  const explain = explainMysql(where, source.user);
  const isSocket = source.host.startsWith('/');
  const inContainer = source.container !== undefined && source.host === 'localhost';
  const fileFor = (toolIsMaria: boolean): string => optionFile({
    user: source.user, password: password ?? undefined, socket: isSocket ? source.host : undefined,
    host: isSocket || inContainer ? undefined : source.host, port: source.port?.toString(),
    // a name and a port mean TCP; without this the tools take "localhost" for the default socket
    protocol: !isSocket && !inContainer && source.port !== undefined ? 'tcp' : undefined,
    ...tlsOptions(source, toolIsMaria),
  });
  const toolIsMaria = async (program: string): Promise<boolean> => /mariadb/i.test(await tools.text({ program, args: ['--version'] }, { tool: path.basename(program), explain }));
  const clientFile = fileFor(await toolIsMaria(client));
  const ask = async (sql: string): Promise<string[][]> => rows(await tools.text(
    { program: client, args: [`--defaults-extra-file=${privateFile}`, '--batch', '--skip-column-names', '--connect-timeout=15', '--default-character-set=utf8mb4', `--execute=${sql}`], file: clientFile },
    { tool: path.basename(client), explain },
  ));

  // MariaDB's tools go on without encryption where the server has none, whatever they are told
  if (source.tls !== 'prefer' && !(await ask('show session status like \'Ssl_cipher\''))[0]?.[1]) {
    throw new HoldfastError('source-failed', `${where} offers no encrypted connection, and the job asks for one. Set up TLS on the server, or change the TLS setting of the job.`);
  }
  const version = (await ask('select version()'))[0]?.[0] ?? '';
  const flavour: Flavour = { isMaria: /mariadb/i.test(version), version };
  const dump = await findTool(host, { programs: flavour.isMaria ? ['mariadb-dump', 'mysqldump'] : ['mysqldump', 'mariadb-dump'], packages: clientPackages });
  const dumpVersion = await tools.text({ program: dump, args: ['--version'] }, { tool: path.basename(dump), explain });
  checkVersions(where, flavour, dumpVersion, ports);
  const dumpIsMaria = /mariadb/i.test(dumpVersion);

  const all = (await ask('select schema_name, default_character_set_name, default_collation_name from information_schema.schemata order by schema_name'))
    .map((row) => databaseRow.parse(row)).filter(([name]) => !systemDatabases.has(name));
  const missing = source.databases?.find((name) => all.every(([known]) => known !== name));
  if (missing !== undefined) throw new HoldfastError('source-missing', `${where} has no database "${missing}", or ${source.user === undefined ? 'this user' : `the user "${source.user}"`} may not see it. Choose its databases anew in the job.`);
  const excluded = new Set(source.excludeDatabases);
  const databases = all.filter(([name]) => (source.databases === undefined || source.databases.includes(name)) && !excluded.has(name));
  const { site } = options;
  if (site?.table !== undefined) {
    const [name = ''] = source.databases ?? [];
    const found = await ask(`select 1 from information_schema.tables where table_schema = ${literal(name)} and table_name = ${literal(site.table)}`);
    if (found.length === 0) throw new HoldfastError('source-missing', `${site.title}: its database "${name}" has no table "${site.table}". Finish its installation, or correct the prefix in its settings.`);
  }
  await warnOfTablesWithoutTransactions(databases.map(([name]) => name), ask, where, ports);

  const folder = `${databasesFolder}/mysql/${pathPart(serverText(source))}`;
  const file = fileFor(dumpIsMaria);
  const open = (what: string, args: readonly string[], signal: AbortSignal): AsyncGenerator<Uint8Array> => tools.stream(
    { program: dump, args: [`--defaults-extra-file=${privateFile}`, ...args], file },
    { tool: path.basename(dump), signal, explain: explainMysql(what, source.user) },
  );
  const ofDatabase = ([name, charset, collation]: z.infer<typeof databaseRow>): SnapshotStream => ({
    name: `MySQL database "${name}"`, path: `${folder}/${name === 'users' ? usersDatabase : pathPart(name)}.sql`, mode: dumpMode, time: new Date(),
    async *open(signal) {
      // a dump of one database does not tell the database's own defaults; this makes it load the same into one of another name
      yield Buffer.from(`/*!40000 ALTER DATABASE CHARACTER SET ${charset} COLLATE ${collation} */;\n`);
      const what = `MySQL database "${name}"`;
      const empty = (source.excludeTableData ?? []).filter((table) => table.startsWith(`${name}.`)).map((table) => table.slice(name.length + 1));
      // before the rest, where views may need them
      if (empty.length > 0) yield* complete(what, open(what, [...commonArguments(flavour, dumpIsMaria), '--no-data', '--triggers', '--', name, ...empty], signal));
      yield* complete(what, open(what, dumpArguments(source, name, flavour, dumpIsMaria), signal));
    },
  });
  const users = site === undefined && await usersStream(flavour, dumpIsMaria, ask);
  if (!users && site === undefined) ports.warn(`Users and grants of ${where} are not in the backup: ${flavour.isMaria ? 'its user may not read them' : 'MySQL\'s tools do not dump them'}.`);
  return {
    folders: [], excludes: [],
    streams: [
      ...users ? [{ name: `Users of ${where}`, path: `${folder}/users.sql`, mode: dumpMode, time: new Date(), open: (signal: AbortSignal) => complete(`Users of ${where}`, open(`Users of ${where}`, ['--system=users', '--skip-dump-date'], signal)) }] : [],
      ...databases.map(ofDatabase),
    ],
    close: () => tools.close(),
  };
}

function checkVersions(where: string, server: Flavour, tool: string, ports: SourcePorts): void {
  const toolIsMaria = /mariadb/i.test(tool);
  const numberOf = (text: string): [number, number] => [Number(/(\d+)\.(\d+)/.exec(text)?.[1] ?? 0), Number(/(\d+)\.(\d+)/.exec(text)?.[2] ?? 0)];
  const [toolMajor, toolMinor] = numberOf(/Distrib ([\d.]+)/.exec(tool)?.[1] ?? /from ([\d.]+)-MariaDB/.exec(tool)?.[1] ?? /Ver ([\d.]+)/.exec(tool)?.[1] ?? '');
  const [major, minor] = numberOf(server.version);
  if (server.isMaria !== toolIsMaria) {
    ports.warn(`${where} is ${server.isMaria ? 'MariaDB' : 'MySQL'}, and the dump tool here is ${toolIsMaria ? 'MariaDB' : 'MySQL'}'s. Install the client of the server's kind if a restore drill fails.`);
  } else if (toolMajor < major && !server.isMaria) {
    throw new HoldfastError('source-failed', `${where} is version ${major}.${minor}, and mysqldump here is version ${toolMajor}.${toolMinor}, which cannot read newer servers. Install the client of the server's version.`);
  } else if (toolMajor < major || (toolMajor === major && toolMinor < minor)) {
    ports.warn(`${where} is version ${major}.${minor}, and the dump tool here is older (${toolMajor}.${toolMinor}). What is new in the server may be missing in the backup.`);
  }
}

function commonArguments(server: Flavour, toolIsMaria: boolean): string[] {
  return [
    '--single-transaction', '--quick', '--hex-blob', '--skip-dump-date', '--skip-extended-insert', '--no-autocommit', '--no-tablespaces',
    '--default-character-set=utf8mb4', '--max-allowed-packet=1G', ...(toolIsMaria ? [] : ['--set-gtid-purged=OFF', ...(server.isMaria ? ['--column-statistics=0'] : [])]),
  ];
}

function dumpArguments(source: MysqlSource, database: string, server: Flavour, toolIsMaria: boolean): string[] {
  const leftOut = [...source.excludeTables ?? [], ...source.excludeTableData ?? []].filter((table) => table.startsWith(`${database}.`));
  return [...commonArguments(server, toolIsMaria), '--routines', '--triggers', '--events', ...leftOut.map((table) => `--ignore-table=${table}`), '--', database];
}

/** The last line of a dump tells that it is whole; a tool that ends well without it did not write all. */
async function* complete(what: string, dump: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let tail = '';
  for await (const piece of dump) {
    tail = (tail + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).subarray(-64).toString('latin1')).slice(-64);
    yield piece;
  }
  if (!tail.includes('-- Dump completed')) throw new HoldfastError('source-failed', `${what}: the dump ended before it was complete. Run the backup again.`, { retryable: true });
}

async function warnOfTablesWithoutTransactions(databases: readonly string[], ask: (sql: string) => Promise<string[][]>, where: string, ports: SourcePorts): Promise<void> {
  if (databases.length === 0) return;
  const found = await ask(`select concat(table_schema, '.', table_name) from information_schema.tables where table_type = 'BASE TABLE' and engine not in ('InnoDB', 'SEQUENCE', 'RocksDB', 'TokuDB') and table_schema in (${databases.map(literal).join(', ')}) order by 1`);
  if (found.length === 0) return;
  const named = found.slice(0, 3).map(([name]) => name).join(', ');
  ports.warn(`${where} has tables without transactions (${named}${found.length > 3 ? ` and ${found.length - 3} more` : ''}): what is written to them during the backup may be in it in part. Convert them to InnoDB.`);
}

/** MariaDB's tool can dump users and grants; whether this user may read them is asked before. */
async function usersStream(server: Flavour, toolIsMaria: boolean, ask: (sql: string) => Promise<string[][]>): Promise<boolean> {
  if (!server.isMaria || !toolIsMaria) return false;
  return ask('select 1 from mysql.global_priv limit 1').then(() => true, () => false);
}
