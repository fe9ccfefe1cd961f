/** A drill of dumps: real ones load into scratch servers and are counted; damaged ones are told; no server, socket or folder stays. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ScratchFolders } from '../../../main/agent/drill/scratch.js';
import { postgresForDrill } from '../../../main/agent/drill/servers/postgres.js';
import { localHost } from '../../../main/backup/source/process/host.js';
import { openMysql } from '../../../main/backup/source/mysql/mysql.js';
import { openPostgresql } from '../../../main/backup/source/postgresql/postgresql.js';
import type { OpenedSource } from '../../../main/backup/source/source.js';
import { mysqlSource, postgresqlSource } from '../../../main/shared/sources.js';
import { memoryDocument } from '../../helpers/agent-world.js';
import { bytes, drillBench, fileBytes, fullScratch } from '../../helpers/drill.js';
import { startMariadb, type MariadbServer } from '../../helpers/mariadb.js';
import { startPostgres, type PostgresServer } from '../../helpers/postgres.js';
import { childrenOf, contentOf, never, sourcePorts } from '../../helpers/sources.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const host = localHost(process.env);

/** A short path below the system's folder for temporary files, which users of scratch servers can reach. */
function scratchPlace(): string {
  return '/tmp';
}

const drillFolders = (): string[] => readdirSync(scratchPlace()).filter((name) => name.startsWith('holdfast-drill-'));

async function dumpsOf(source: OpenedSource): Promise<Record<string, AsyncIterable<Uint8Array>>> {
  const all = await Promise.all(source.streams.map(async (stream) => [stream.path, bytes(await contentOf(stream))] as const));
  await source.close();
  return Object.fromEntries(all);
}

describe('a restore drill of dumps', () => {
  let postgres: PostgresServer;
  let mariadb: MariadbServer;
  let before: string[] = [];

  beforeAll(async () => {
    before = drillFolders();
    [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()]);
    await postgres.sql('create role reader; create database shop;');
    await postgres.sql(`create table goods (id serial primary key, name text, picture bytea); insert into goods (name, picture) select 'ware ü ' || n, decode('00ff10', 'hex') from generate_series(1, 500) n;
      create view cheap as select * from goods; alter table goods enable row level security; create policy mine on goods to reader using (true); create table empty (x int); create materialized view counted as select count(*) from goods;`, 'shop');
    await mariadb.sql('create database site character set utf8mb4');
    await mariadb.sql(`create table posts (id int primary key auto_increment, title varchar(100)); insert into posts (title) values ('eins 🎉'), ('zwei'), ('drei'); create view newest as select * from posts; create trigger t before insert on posts for each row set new.title = trim(new.title);`, 'site');
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), mariadb.stop()]);
  });

  test('PostgreSQL, MariaDB, SQLite and Redis load and are counted; nothing stays', async () => {
    const folder = tempFolder();
    execFileSync('sqlite3', [path.join(folder, 'notes.db'), 'create table note (text); insert into note values (1), (2); create table other (x);']);
    const redis = path.join(folder, 'redis');
    mkdirSync(redis);
    execFileSync('sh', ['-c', `redis-server --port 0 --unixsocket ${redis}/s --dir ${redis} --daemonize yes --pidfile ${redis}/pid >/dev/null && until redis-cli -s ${redis}/s set a 1; do sleep 0.1; done && redis-cli -s ${redis}/s set b 2 && redis-cli -s ${redis}/s save && redis-cli -s ${redis}/s shutdown nosave`]);
    const bench = await drillBench(folder, [scratchPlace()]);
    const ports = sourcePorts({ [`postgresql://postgres@localhost:${postgres.port}`]: postgres.password, [`mysql://root@localhost:${mariadb.port}`]: mariadb.password });
    const snapshot = await bench.backUp([], {
      ...await dumpsOf(await openPostgresql(postgresqlSource.parse({ type: 'postgresql', port: postgres.port, user: 'postgres' }), host, ports)),
      ...await dumpsOf(await openMysql(mysqlSource.parse({ type: 'mysql', port: mariadb.port, user: 'root' }), host, ports)),
      '/databases/sqlite/home/me/notes.db': fileBytes(path.join(folder, 'notes.db')),
      '/databases/redis/localhost:6379/dump.rdb': fileBytes(path.join(redis, 'dump.rdb')),
    });
    const processes = childrenOf();
    const finding = await bench.drill(snapshot);
    expect(finding.databases).toEqual(expect.arrayContaining([
      { name: 'PostgreSQL database "shop"', outcome: 'loaded', tables: 2, rows: 500, message: null },
      { name: 'MySQL database "site"', outcome: 'loaded', tables: 1, rows: 3, message: null },
      { name: 'SQLite database /home/me/notes.db', outcome: 'loaded', tables: 2, rows: 2, message: null },
      { name: 'Redis at localhost:6379', outcome: 'loaded', tables: null, rows: 2, message: null },
    ]));
    expect(finding).toMatchObject({ outcome: 'proven', reason: null });
    expect(drillFolders()).toEqual(before);
    expect(childrenOf()).toEqual(processes);
  }, 180_000);

  test('dumps that do not load are told in a sentence each', async () => {
    const folder = tempFolder();
    const bench = await drillBench(folder, [scratchPlace()]);
    const ports = sourcePorts({ [`postgresql://postgres@localhost:${postgres.port}`]: postgres.password });
    const dumps = await dumpsOf(await openPostgresql(postgresqlSource.parse({ type: 'postgresql', port: postgres.port, user: 'postgres', databases: ['shop'] }), host, ports));
    const whole = Object.entries(dumps).find(([at]) => at.endsWith('shop.dump'))?.[1];
    const pieces: Uint8Array[] = [];
    for await (const piece of whole ?? []) pieces.push(piece);
    const dump = Buffer.concat(pieces);
    const notes = path.join(folder, 'notes.db');
    execFileSync('sqlite3', [notes, 'create table note (text); insert into note select hex(randomblob(500)) from generate_series(1, 300);']);
    const broken = Buffer.concat([...(await collect(fileBytes(notes)))]);
    broken.fill(0x41, 4096 * 3, 4096 * 6);
    const snapshot = await bench.backUp([], {
      '/databases/postgresql/localhost:5432/half.dump': bytes(dump.subarray(0, Math.floor(dump.length / 2))),
      '/databases/mysql/localhost:3306/wrong.sql': bytes('create table a (x int);\nthis is no SQL;\n'),
      '/databases/sqlite/broken.db': bytes(broken),
      '/databases/redis/localhost:6379/dump.rdb': bytes('REDIS0011 but no more'),
      '/databases/mongodb/localhost:27017/all.archive': bytes('some archive'),
    });
    const finding = await bench.drill(snapshot);
    expect(finding.outcome).toBe('failed');
    const by = new Map(finding.databases.map((proof) => [proof.name, proof]));
    expect(by.get('PostgreSQL database "half"')).toMatchObject({ outcome: 'failed' });
    expect(by.get('MySQL database "wrong"')?.message).toContain('SQL that the server does not understand');
    expect(by.get('SQLite database /broken.db')).toMatchObject({ outcome: 'failed' });
    expect(by.get('Redis at localhost:6379')).toMatchObject({ outcome: 'failed' });
    expect(by.get('MongoDB at localhost:27017')).toMatchObject({ outcome: 'read', message: 'The dump could be read to its end, but was not loaded: there is no drill for MongoDB yet.' });
    expect(drillFolders()).toEqual(before);
  }, 180_000);

  test('without a server it says what to install, and does not call it proven', async () => {
    const folder = tempFolder();
    const bench = await drillBench(folder, [scratchPlace()]);
    const nothing = { container: null, find: () => Promise.resolve(null), start: () => Promise.reject(new Error('nothing to start')) };
    const finding = await bench.drill(await bench.backUp([], { '/databases/postgresql/localhost:5432/shop.dump': bytes('a dump') }), { host: nothing });
    expect(finding).toMatchObject({ outcome: 'partly', reason: 'The dump could be read to its end, but was not loaded: install postgresql to prove it.' });
  });

  test('a disk that fills up under the scratch server is one sentence and no verdict on the backup', async () => {
    const folder = tempFolder();
    const bench = await drillBench(folder, [scratchPlace()]);
    const small = path.join(folder, 'small');
    mkdirSync(small);
    const finding = await bench.drill(await bench.backUp([], { '/databases/sqlite/a.db': bytes('x') }), { scratch: fullScratch(small) });
    expect(finding).toMatchObject({ outcome: 'not-done' });
    expect(finding.reason).toMatch(/Make room, or set TMPDIR/);
  });

  test('the server of a killed agent is ended at the next start', async () => {
    const register = memoryDocument<{ folders: string[] }>({ folders: [] });
    const logger = { log: (): void => undefined };
    const scratch = new ScratchFolders({ register, places: [scratchPlace()], sharedPlaces: [scratchPlace()], logger });
    const kind = await postgresForDrill(host);
    await kind?.start(scratch, 1000, never);
    const [folder = ''] = register.read().folders;
    // what follows is all that an agent knows that was killed here and started again
    const stray = spawn('sleep', ['300'], { argv0: `${folder}/leftover`, stdio: 'ignore' });
    onTestFinished(() => { stray.kill('SIGKILL'); });
    expect(childrenOf().some((command) => command.includes(folder))).toBe(true);
    await new ScratchFolders({ register, places: [scratchPlace()], sharedPlaces: [scratchPlace()], logger }).removeLeftovers();
    await until('both have ended', () => !childrenOf().some((command) => command.includes(folder)));
    expect(drillFolders()).toEqual(before);
    await removeTree(folder);
  });
});

async function collect(content: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return pieces;
}

