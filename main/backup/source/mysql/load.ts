/** Loads an SQL dump into a MySQL or MariaDB server: into a new database, which is dropped again where the dump does not load, or over one that is there. */
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { serverText, type MysqlSource } from '../../../shared/sources.js';
import type { Failure } from '../process/command.js';
import { feed, noContent, type Content } from '../process/feed.js';
import { privateFile, type Host } from '../process/host.js';
import { findTool } from '../process/tools.js';
import { explainMysql } from './errors.js';
import { optionFile } from './option-file.js';

export interface MysqlLoad {
  readonly source: MysqlSource;
  readonly password: string | null;
  readonly database: string;
  /** A dump of one database, as SQL. */
  readonly content: Content;
  /** Load over a database that is there: its tables of the same names are replaced. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
}

const packages = { debian: 'default-mysql-client', fedora: 'mariadb', homebrew: 'mysql-client' };
const identifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const literal = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

function explainLoad(where: string, user: string | undefined): (failure: Failure) => HoldfastError | null {
  const general = explainMysql(where, user);
  return (failure) => {
    const number = Number(/ERROR (\d{4})/.exec(failure.said)?.[1] ?? 0);
    const detail = /ERROR \d{4}[^:]*: ([^\n]*)/.exec(failure.said)?.[1]?.slice(0, 200).replace(/\.$/, '') ?? '';
    switch (number) {
      case 1007: return new HoldfastError('repository-exists', `${where} has that database already. Name a new one, or say that it may be replaced.`);
      case 1021: case 1114: case 28: return new HoldfastError('destination-full', `${where}: the server's disk is full. Make room there and try again.`);
      case 1044: case 1142: case 1227: return new HoldfastError('permission-denied', `${where}: this user may not make all that is in the dump (${detail}). Use a user with all rights.`);
      case 1115: case 1273: return new HoldfastError('source-failed', `${where}: the dump comes from another kind or version of server, whose character sets are not known there (${detail}). Load it into a server of its own kind.`);
      case 1064: return new HoldfastError('source-failed', `${where}: the dump holds SQL that the server does not understand (${detail}). Load it into a server of its own kind and version.`);
      default: return /No space left on device|Errcode: 28/i.test(failure.said) ? new HoldfastError('destination-full', `${where}: the server's disk is full. Make room there and try again.`) : general(failure);
    }
  };
}

export class MysqlServer {
  private readonly where: string;

  constructor(private readonly host: Host, private readonly source: MysqlSource, private readonly password: string | null) {
    this.where = `MySQL at ${serverText(source)}`;
  }

  /** What the client prints for the statements: rows as lines, fields between tabs. */
  async ask(sql: string, signal: AbortSignal): Promise<string> {
    return this.run([], (output) => output(Buffer.from(sql)), signal);
  }

  async exists(database: string, signal: AbortSignal): Promise<boolean> {
    return (await this.ask(`select 1 from information_schema.schemata where schema_name = ${literal(database)};`, signal)).trim() === '1';
  }

  async create(database: string, signal: AbortSignal): Promise<void> {
    await this.ask(`create database ${identifier(database)};`, signal);
  }

  async drop(database: string, signal: AbortSignal): Promise<void> {
    await this.ask(`drop database if exists ${identifier(database)};`, signal);
  }

  /** Loads a dump of one database into one that is there. */
  async restore(database: string, content: Content, signal: AbortSignal): Promise<void> {
    await this.run([`--database=${database}`], content, signal);
  }

  async count(database: string, signal: AbortSignal): Promise<{ tables: number; rows: number }> {
    const names = (await this.ask(`select table_name from information_schema.tables where table_type = 'BASE TABLE' and table_schema = ${literal(database)};`, signal)).split('\n').filter((line) => line !== '');
    if (names.length === 0) return { tables: 0, rows: 0 };
    const sql = names.map((name) => `select count(*) from ${identifier(database)}.${identifier(name)};`).join('\n');
    const counts = (await this.ask(sql, signal)).split('\n').filter((line) => line !== '').map(Number);
    return { tables: names.length, rows: counts.reduce((sum, each) => sum + each, 0) };
  }

  private async run(args: readonly string[], content: Content, signal: AbortSignal): Promise<string> {
    const { source, password } = this;
    const program = await findTool(this.host, { programs: ['mariadb', 'mysql'], packages });
    const tool = path.basename(program);
    const isSocket = source.host.startsWith('/');
    const options = { signal, tool, explain: explainLoad(this.where, source.user) };
    const isMaria = source.tls !== 'prefer' && /mariadb/i.test(await feed(this.host, { program, args: ['--version'] }, noContent, options));
    const tls: Record<string, true | string> = source.tls === 'prefer' ? {}
      : isMaria ? { ssl: true, ...(source.tls === 'verify' ? { 'ssl-verify-server-cert': true as const } : {}) }
        : { 'ssl-mode': source.tls === 'verify' ? 'VERIFY_IDENTITY' : 'REQUIRED' };
    const file = optionFile({
      user: source.user, password: password ?? undefined, socket: isSocket ? source.host : undefined, host: isSocket ? undefined : source.host,
      port: source.port?.toString(), protocol: !isSocket && source.port !== undefined ? 'tcp' : undefined, ...tls,
    });
    return feed(this.host, {
      program, file,
      args: [`--defaults-extra-file=${privateFile}`, '--batch', '--skip-column-names', '--connect-timeout=15', '--default-character-set=utf8mb4', '--max-allowed-packet=1G', ...args],
    }, content, options);
  }
}

/** @throws HoldfastError `repository-exists` where the database is there and may not be replaced. A database made here is dropped when its dump does not load. */
export async function loadMysql(load: MysqlLoad, host: Host): Promise<{ tables: number; rows: number }> {
  const { database, signal } = load;
  const server = new MysqlServer(host, load.source, load.password);
  const exists = await server.exists(database, signal);
  if (exists && !load.replace) throw new HoldfastError('repository-exists', `MySQL at ${serverText(load.source)} has a database "${database}" already. Name a new one, or say that it may be replaced.`);
  if (!exists) await server.create(database, signal);
  try {
    await server.restore(database, load.content, signal);
    return await server.count(database, signal);
  } catch (error) {
    if (!exists) await server.drop(database, new AbortController().signal).catch(() => undefined);
    throw error;
  }
}
