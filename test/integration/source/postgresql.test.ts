import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgresql } from '../../../main/backup/source/postgresql/postgresql.js';
import { localHost } from '../../../main/backup/source/process/host.js';
import { postgresqlSource, type PostgresqlSource } from '../../../main/shared/sources.js';
import { startPostgres, type PostgresServer } from '../../helpers/postgres.js';
import { runOk } from '../../helpers/processes.js';
import { childrenOf, contentOf, never, saveStream, sourcePorts, streamOf } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';

let server: PostgresServer;
const host = localHost(process.env);
const target = (user = 'postgres', at = server.port): string => `postgresql://${user}@127.0.0.1:${at}`;
const source = (more: Partial<PostgresqlSource> = {}): PostgresqlSource => postgresqlSource.parse({ type: 'postgresql', host: '127.0.0.1', port: server.port, user: 'postgres', ...more });
const open = (more: Partial<PostgresqlSource> = {}, ports = sourcePorts({ [target()]: server.password })) => openPostgresql(source(more), host, ports);

beforeAll(async () => {
  server = await startPostgres();
  await server.sql('create role shopkeeper login password \'pw\'; create role reader login password \'reader-pw\'; create database shop; create database "odd/na\'me %x"; create database old;');
  await server.sql(`
    create schema sales authorization shopkeeper;
    create table sales.orders (id bigserial primary key, note text, paid bytea, at timestamptz default now());
    insert into sales.orders (note, paid) select 'naïve ☃ 𝄞 ' || md5(n::text), decode(md5(n::text), 'hex') from generate_series(1, 20000) n;
    create view sales.recent as select * from sales.orders where id > 100;
    create sequence sales.invoice start 4711; select nextval('sales.invoice');
    create function sales.twice(n int) returns int language sql as 'select 2 * n';
    create function sales.touch() returns trigger language plpgsql as $$ begin new.at = now(); return new; end $$;
    create trigger touched before update on sales.orders for each row execute function sales.touch();
    create schema scratch; create table scratch.junk (x int); create table sales.cache (x text); insert into sales.cache values ('secret-cache-row');
    select lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex'));
  `, 'shop');
}, 120_000);
afterAll(() => server.stop());

/** All that a plain dump says of a database: equal dumps are equal databases. */
const plain = (from: PostgresServer, database: string): Promise<string> => runOk('pg_dump', ['-h', '127.0.0.1', '-p', String(from.port), '-U', 'postgres', '--no-comments', database], { env: { PGPASSWORD: from.password } })
  .then((text) => text.replace(/^\\(un)?restrict .*$/gm, ''));

test('a dump under write load loads into a fresh server and is the same there', async () => {
  const opened = await open();
  expect(opened.streams.map(({ path: at }) => path.basename(at)).sort()).toEqual(['globals.sql', 'odd%2fna\'me %25x.dump', 'old.dump', 'postgres.dump', 'shop.dump']);
  const folder = tempFolder();
  let writing = true;
  const load = (async () => { while (writing) await server.sql('update sales.orders set note = note || \'!\' where id % 100 = 7; insert into sales.orders (note) values (\'x\')', 'shop'); })();
  await saveStream(streamOf(opened, 'shop.dump'), path.join(folder, 'shop.dump'));
  writing = false;
  await load;
  const quiet = await plain(server, 'shop');
  await saveStream(streamOf(opened, 'shop.dump'), path.join(folder, 'quiet.dump'));
  await saveStream(streamOf(opened, 'globals.sql'), path.join(folder, 'globals.sql'));
  await opened.close();
  expect(childrenOf().filter((line) => /pg_dump|psql/.test(line))).toEqual([]);

  const fresh = await startPostgres();
  try {
    const env = { PGPASSWORD: fresh.password };
    const at = ['-h', '127.0.0.1', '-p', String(fresh.port), '-U', 'postgres'];
    const globals = readFileSync(path.join(folder, 'globals.sql'), 'utf8').replace(/^CREATE ROLE postgres;$/m, '').replace(/^ALTER ROLE postgres .*$/m, '');
    await fresh.sql(globals);
    await fresh.sql('create database loaded; create database again');
    await runOk('pg_restore', [...at, '--exit-on-error', '-d', 'loaded', path.join(folder, 'shop.dump')], { env });
    expect(Number(await fresh.sql('select count(*) from sales.orders', 'loaded'))).toBeGreaterThanOrEqual(20_000);
    await runOk('pg_restore', [...at, '--exit-on-error', '-d', 'again', path.join(folder, 'quiet.dump')], { env });
    expect(await plain(fresh, 'again')).toBe(quiet);
    expect((await fresh.sql('select lomowner::regrole, length(lo_get(oid)) from pg_largeobject_metadata', 'again')).trim()).toBe('postgres|10000');
    expect((await fresh.sql('select nextval(\'sales.invoice\'), sales.twice(21)', 'again')).trim()).toBe('4712|42');
    expect((await fresh.sql('select rolpassword is not null from pg_authid where rolname = \'reader\'')).trim()).toBe('t');
  } finally {
    await fresh.stop();
  }
}, 180_000);

test('leaves out what the job leaves out', async () => {
  const opened = await open({ databases: ['shop', 'old'], excludeDatabases: ['old'], excludeSchemas: ['scratch'], excludeTableData: ['sales.cache'] });
  expect(opened.streams.map(({ name }) => name)).toEqual([`Roles of PostgreSQL at 127.0.0.1:${server.port}`, 'PostgreSQL database "shop"']);
  const folder = tempFolder();
  await saveStream(streamOf(opened, 'shop.dump'), path.join(folder, 'shop.dump'));
  await opened.close();
  const list = await runOk('pg_restore', ['-l', path.join(folder, 'shop.dump')]);
  expect(list).not.toContain('scratch');
  expect(list).toContain('TABLE sales cache');
  expect(readFileSync(path.join(folder, 'shop.dump')).includes('secret-cache-row')).toBe(false);
});

test('a database whose name holds settings of a connection is a name and nothing else', async () => {
  const opened = await open({ databases: ['odd/na\'me %x'] });
  expect((await contentOf(streamOf(opened, '.dump'))).subarray(0, 5).toString()).toBe('PGDMP');
  await opened.close();
  await expect(open({ databases: ['host=elsewhere dbname=shop'] })).rejects.toMatchObject({ code: 'source-missing', message: expect.stringContaining('has no database "host=elsewhere dbname=shop"') });
});

test('no password in the list of processes, and none in the dump of who may not read it', async () => {
  const opened = await openPostgresql(source({ user: 'reader' }), host, sourcePorts({ [target('reader')]: 'reader-pw' }));
  const globals = (await contentOf(streamOf(opened, 'globals.sql'))).toString();
  expect(globals).toContain('CREATE ROLE shopkeeper');
  expect(globals).not.toContain('SCRAM');
  await opened.close();
  const slow = await open({ databases: ['shop'] });
  const reading = streamOf(slow, 'shop.dump').open(never)[Symbol.asyncIterator]();
  await reading.next();
  expect(childrenOf().filter((line) => line.includes('pg_dump'))).toHaveLength(1);
  expect(childrenOf().join('\n')).not.toContain('geheim');
  await slow.close();
  expect(childrenOf().filter((line) => line.includes('pg_dump'))).toEqual([]);
});

test('each trouble is one sentence, and never the end of a stream', async () => {
  const folder = tempFolder();
  await expect(openPostgresql(source(), host, sourcePorts({ [target()]: 'wrong' }))).rejects.toMatchObject({ code: 'permission-denied', message: expect.stringContaining('does not let the user "postgres" in') });
  await expect(openPostgresql(source(), host, sourcePorts({}, { ...process.env, HOME: folder }))).rejects.toMatchObject({ code: 'permission-denied' });
  await expect(openPostgresql(source({ port: 1 }), host, sourcePorts())).rejects.toMatchObject({ code: 'source-missing', retryable: true, message: expect.stringContaining('does not answer') });
  await expect(openPostgresql(source({ user: 'nobody-here' }), host, sourcePorts({ [target('nobody-here')]: 'x' }))).rejects.toMatchObject({ code: 'permission-denied' });

  const reader = await openPostgresql(source({ user: 'reader', databases: ['shop'] }), host, sourcePorts({ [target('reader')]: 'reader-pw' }));
  await expect(contentOf(streamOf(reader, 'shop.dump'))).rejects.toMatchObject({ code: 'permission-denied', message: expect.stringMatching(/^PostgreSQL database "shop": the user "reader" may not read .*pg_read_all_data/) });
  await reader.close();

  const none = { ...host, find: () => Promise.resolve(null) };
  await expect(openPostgresql(source(), none, sourcePorts())).rejects.toThrow(/psql is not on this computer/);
  const old = path.join(folder, 'bin');
  mkdirSync(old);
  writeFileSync(path.join(old, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 12.4"\n');
  chmodSync(path.join(old, 'pg_dump'), 0o755);
  const outdated = { ...host, find: (programs: readonly string[]) => (programs.at(-1) === 'pg_dump' ? Promise.resolve(path.join(old, 'pg_dump')) : host.find(programs)) };
  await expect(openPostgresql(source(), outdated, sourcePorts({ [target()]: server.password }))).rejects.toThrow(/is version \d+, and pg_dump here is version 12.*Install postgresql-client-\d+ or newer/);
});

test('a dump that is cancelled, or whose tool or server is killed, fails and leaves no process', async () => {
  const abort = new AbortController();
  const first = await open({ databases: ['shop'] });
  const cancelled = streamOf(first, 'shop.dump').open(abort.signal)[Symbol.asyncIterator]();
  await cancelled.next();
  abort.abort();
  await expect((async () => { for (;;) if ((await cancelled.next()).done) return; })()).rejects.toThrow(/abort/i);
  await first.close();

  const second = await open({ databases: ['shop'] });
  const killed = streamOf(second, 'shop.dump').open(never)[Symbol.asyncIterator]();
  await killed.next();
  await runOk('pkill', ['-9', '-P', String(process.pid), 'pg_dump']);
  await expect((async () => { for (;;) if ((await killed.next()).done) return; })()).rejects.toMatchObject({ code: 'source-failed', retryable: true, message: expect.stringContaining('SIGKILL') });
  await second.close();

  const other = await startPostgres();
  try {
    await other.sql('create database big');
    await other.sql('create table t as select n, md5(n::text) || md5((n * 2)::text) as x from generate_series(1, 300000) n', 'big');
    const third = await openPostgresql(source({ port: other.port, databases: ['big'] }), host, sourcePorts({ [target('postgres', other.port)]: other.password }));
    const lost = streamOf(third, 'big.dump').open(never)[Symbol.asyncIterator]();
    await lost.next();
    await other.kill();
    await expect((async () => { for (;;) if ((await lost.next()).done) return; })()).rejects.toMatchObject({ code: 'source-failed', message: expect.stringMatching(/broke off/) });
    await third.close();
  } finally {
    await other.stop();
  }
  expect(childrenOf().filter((line) => /pg_dump/.test(line))).toEqual([]);
}, 120_000);
