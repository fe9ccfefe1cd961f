/** Loads a dump into a PostgreSQL server: into a new database, which is dropped again where the dump does not load, or over one that is there. */
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { serverText, type PostgresqlSource } from '../../../shared/sources.js';
import type { Failure } from '../process/command.js';
import { feed, textContent, type Content } from '../process/feed.js';
import type { Host } from '../process/host.js';
import { explainPostgres } from './errors.js';
import { connection, postgresTool } from './postgresql.js';

export interface PostgresLoad {
  readonly source: PostgresqlSource;
  /** Null where the server wants none, or where .pgpass has it. */
  readonly password: string | null;
  readonly database: string;
  /** A dump in PostgreSQL's custom format. */
  readonly content: Content;
  /** Load into a database that is there, in place of what is in it. In one transaction: a dump that does not load changes nothing. */
  readonly replace: boolean;
  /** Give objects to the roles they belonged to; otherwise they belong to the user who loads them. */
  readonly owners: boolean;
  readonly signal: AbortSignal;
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The database to be connected with while another one is made: there is one of them on nearly every server. */
const maintenance = 'postgres';

/** Why a dump does not load, beside what can go wrong with any connection. */
function explainLoad(where: string, source: PostgresqlSource): (failure: Failure) => HoldfastError | null {
  const general = explainPostgres(where, source.user);
  return (failure) => {
    const { said } = failure;
    const failed = (what: string): HoldfastError => new HoldfastError('source-failed', `${where}: ${what}`);
    if (/No space left on device|disk full|could not extend file|could not write to file/i.test(said)) return new HoldfastError('destination-full', `${where}: the server's disk is full. Make room there and try again.`);
    const extension = /extension "(.*?)" (?:is not available|has no installation script)|could not open extension control file ".*\/(.*)\.control"/.exec(said);
    if (extension) return failed(`the dump needs the extension "${extension[1] ?? extension[2] ?? ''}", which is not installed there. Install it and try again.`);
    if (/unsupported version/.test(said)) return failed('the dump comes from a newer pg_dump than the pg_restore here. Install the client of its version.');
    if (/input file (?:is too short|does not appear to be a valid archive)|did not find magic string|unexpected end of file|could not read from input file/.test(said)) return failed('the dump is not complete or is no dump in PostgreSQL\'s custom format.');
    const exists = /database "(.*)" already exists/.exec(said)?.[1];
    if (exists !== undefined) return new HoldfastError('repository-exists', `${where} has a database "${exists}" already. Name a new one, or say that it may be replaced.`);
    const role = /role "(.*)" does not exist/.exec(said)?.[1];
    if (role !== undefined && !/FATAL/.test(said)) return failed(`the dump needs the role "${role}", which is not there. Load the roles first, from globals.sql beside the dump.`);
    if (/permission denied to create database/.test(said)) return new HoldfastError('permission-denied', `${where}: this user may not make databases. Grant CREATEDB, or name a user that may.`);
    if (/permission denied|must be (?:owner|superuser)/.test(said)) return new HoldfastError('permission-denied', `${where}: this user may not make all that is in the dump (${/(?:permission denied|must be)[^\n]*/.exec(said)?.[0] ?? ''}). Use a superuser.`);
    return general(failure);
  };
}

export class PostgresServer {
  private readonly env: Readonly<Record<string, string>>;
  private readonly where: string;

  constructor(private readonly host: Host, private readonly source: PostgresqlSource, password: string | null) {
    this.env = password === null ? {} : { PGPASSWORD: password };
    this.where = `PostgreSQL at ${serverText(source)}`;
  }

  /** What psql prints for the statements, unaligned, one row a line. Statements are read from standard input, so no list of processes shows them. */
  async ask(sql: string, database: string, signal: AbortSignal, strict = true): Promise<string> {
    return this.run('psql', [
      '--no-psqlrc', '--no-align', '--tuples-only', '--quiet', '--no-password', `--set=ON_ERROR_STOP=${strict ? 1 : 0}`, `--dbname=${connection(this.source, database)}`, '--file=-',
    ], textContent(sql), signal);
  }

  async exists(database: string, signal: AbortSignal): Promise<boolean> {
    const names = await this.ask('select datname from pg_database;', maintenance, signal);
    return names.split('\n').includes(database);
  }

  async create(database: string, signal: AbortSignal): Promise<void> {
    await this.ask(`create database ${identifier(database)} template template0;`, maintenance, signal);
  }

  async drop(database: string, signal: AbortSignal): Promise<void> {
    await this.ask(`drop database if exists ${identifier(database)};`, maintenance, signal);
  }

  /** Loads a custom-format dump into a database that is there. */
  async restore(database: string, content: Content, options: { replace: boolean; owners: boolean; signal: AbortSignal }): Promise<void> {
    await this.run('pg_restore', [
      '--exit-on-error', '--no-password', ...(options.replace ? ['--clean', '--if-exists', '--single-transaction'] : []),
      ...(options.owners ? [] : ['--no-owner', '--no-privileges']), `--dbname=${connection(this.source, database)}`,
    ], content, options.signal);
  }

  /** Loads roles and tablespaces. What is there already stays as it is. */
  async roles(content: Content, signal: AbortSignal): Promise<void> {
    await this.run('psql', ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=0', `--dbname=${connection(this.source, maintenance)}`, '--file=-'], content, signal);
  }

  /** Tables (without views) and all their rows. */
  async count(database: string, signal: AbortSignal): Promise<{ tables: number; rows: number }> {
    const text = await this.ask(
      `select format('select count(*) from only %I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%' \\gexec\n`, database, signal);
    const counts = text.split('\n').filter((line) => line !== '').map(Number);
    return { tables: counts.length, rows: counts.reduce((sum, each) => sum + each, 0) };
  }

  private async run(name: string, args: readonly string[], content: Content, signal: AbortSignal): Promise<string> {
    const program = await postgresTool(this.host, name);
    return feed(this.host, { program, args, env: { ...this.env, PGCONNECT_TIMEOUT: '15' } }, content, { signal, tool: path.basename(program), explain: explainLoad(this.where, this.source) });
  }
}

/** @throws HoldfastError `repository-exists` where the database is there and may not be replaced. A database made here is dropped when its dump does not load. */
export async function loadPostgresql(load: PostgresLoad, host: Host): Promise<{ tables: number; rows: number }> {
  const { database, signal } = load;
  const server = new PostgresServer(host, load.source, load.password);
  const exists = await server.exists(database, signal);
  if (exists && !load.replace) throw new HoldfastError('repository-exists', `PostgreSQL at ${serverText(load.source)} has a database "${database}" already. Name a new one, or say that it may be replaced.`);
  if (!exists) await server.create(database, signal);
  try {
    await server.restore(database, load.content, { replace: exists, owners: load.owners, signal });
    return await server.count(database, signal);
  } catch (error) {
    // the signal may be aborted already, and the half-loaded database must go all the same
    if (!exists) await server.drop(database, new AbortController().signal).catch(() => undefined);
    throw error;
  }
}

