/** Dumps go back into real servers: a new database by default, never over one that is there without its name typed; a failed load leaves no database. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { restoreDatabase, type DatabaseOrder } from '../../../main/agent/restore/databases.js';
import { localHost } from '../../../main/backup/source/process/host.js';
import { openMysql } from '../../../main/backup/source/mysql/mysql.js';
import { openPostgresql } from '../../../main/backup/source/postgresql/postgresql.js';
import { dumpAt } from '../../../main/shared/restore.js';
import { parseSourceAddress } from '../../../main/shared/source-address.js';
import { mysqlSource, postgresqlSource } from '../../../main/shared/sources.js';
import { bytes, drillBench } from '../../helpers/drill.js';
import { startMariadb, type MariadbServer } from '../../helpers/mariadb.js';
import { startPostgres, type PostgresServer } from '../../helpers/postgres.js';
import { contentOf, never, sourcePorts, streamOf } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';
import { home } from '../cli/holdfast.js';

const host = localHost(process.env);

describe('restoring databases', () => {
  let postgres: PostgresServer;
  let mariadb: MariadbServer;
  let shop: Buffer;
  let site: Buffer;

  beforeAll(async () => {
    [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()]);
    await postgres.sql('create database shop');
    await postgres.sql('create table goods (id serial primary key, name text); insert into goods (name) select \'ware ü \' || n from generate_series(1, 100) n; create view cheap as select * from goods; create function f() returns int language sql as \'select 1\'', 'shop');
    await mariadb.sql('create database site');
    await mariadb.sql('create table posts (id int primary key, title varchar(50)); insert into posts values (1, \'eins 🎉\'), (2, \'zwei\')', 'site');
    const ports = sourcePorts({ [`postgresql://postgres@localhost:${postgres.port}`]: postgres.password, [`mysql://root@localhost:${mariadb.port}`]: mariadb.password });
    const one = await openPostgresql(postgresqlSource.parse({ type: 'postgresql', port: postgres.port, user: 'postgres', databases: ['shop'] }), host, ports);
    shop = await contentOf(streamOf(one, 'shop.dump'));
    await one.close();
    const two = await openMysql(mysqlSource.parse({ type: 'mysql', port: mariadb.port, user: 'root', databases: ['site'] }), host, ports);
    site = await contentOf(streamOf(two, 'site.sql'));
    await two.close();
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), mariadb.stop()]);
  });

  const order = (at: string, content: Buffer, into: string, change: Partial<DatabaseOrder> = {}): DatabaseOrder => ({
    place: dumpAt(at) ?? expect.fail(`${at} is no dump`), content: (output) => output(content),
    into: /^[a-z]+:/.test(into) ? parseSourceAddress(into) : { type: 'file', path: into },
    password: into.startsWith('mysql') ? mariadb.password : postgres.password, replace: null, owners: false, signal: never, ...change,
  });
  const pg = (database: string): string => `postgresql://postgres@localhost:${postgres.port}/${database}`;
  const my = (database: string): string => `mysql://root@localhost:${mariadb.port}/${database}`;
  const shopPath = '/databases/postgresql/localhost:5432/shop.dump';
  const sitePath = '/databases/mysql/localhost:3306/site.sql';

  test('PostgreSQL: into a new database, over one only by its name, and a half dump leaves none', async () => {
    expect(await restoreDatabase(order(shopPath, shop, pg('copy')), host)).toEqual({ into: 'copy', tables: 1, rows: 100 });
    expect((await postgres.sql('select count(*), max(name) from cheap', 'copy')).trim()).toBe('100|ware ü 99');
    await expect(restoreDatabase(order(shopPath, shop, pg('copy')), host)).rejects.toThrow(/has a database "copy" already\. Name a new one/);
    await expect(restoreDatabase(order(shopPath, shop, pg('copy'), { replace: 'other' }), host)).rejects.toMatchObject({ code: 'usage' });
    await postgres.sql('delete from goods', 'copy');
    await restoreDatabase(order(shopPath, shop, pg('copy'), { replace: 'copy' }), host);
    expect((await postgres.sql('select count(*) from goods', 'copy')).trim()).toBe('100');

    const half = shop.subarray(0, Math.floor(shop.length / 2));
    await expect(restoreDatabase(order(shopPath, half, pg('half')), host)).rejects.toThrow(/\.$/);
    await expect(restoreDatabase(order(shopPath, half, pg('copy'), { replace: 'copy' }), host)).rejects.toThrow(/\.$/);
    expect((await postgres.sql('select count(*) from goods', 'copy')).trim()).toBe('100'); // one transaction: all or nothing
    await expect(restoreDatabase(order(shopPath, shop, pg('wrong'), { password: 'wrong' }), host)).rejects.toMatchObject({ code: 'permission-denied' });
    const ended = new AbortController();
    await expect(restoreDatabase(order(shopPath, shop, pg('cancelled'), {
      signal: ended.signal, content: async (output) => { await output(shop.subarray(0, 2000)); ended.abort(); await new Promise((resolve) => setTimeout(resolve, 50)); },
    }), host)).rejects.toThrow();
    expect((await postgres.sql('select datname from pg_database where not datistemplate order by 1')).trim().split('\n')).toEqual(['copy', 'postgres', 'shop']);
  });

  test('MariaDB: into a new database, over one only by its name, and SQL that breaks off leaves none', async () => {
    expect(await restoreDatabase(order(sitePath, site, my('copy')), host)).toEqual({ into: 'copy', tables: 1, rows: 2 });
    expect((await mariadb.sql('select title from posts order by id', 'copy')).trim()).toBe('eins 🎉\nzwei');
    await expect(restoreDatabase(order(sitePath, site, my('copy')), host)).rejects.toMatchObject({ code: 'repository-exists' });
    await restoreDatabase(order(sitePath, site, my('copy'), { replace: 'copy' }), host);
    await expect(restoreDatabase(order(sitePath, Buffer.concat([site, Buffer.from('\nnonsense;\n')]), my('broken')), host)).rejects.toThrow(/SQL that the server does not understand/);
    await expect(restoreDatabase(order(sitePath, site, pg('other')), host)).rejects.toThrow('can be loaded into MySQL only');
    expect((await mariadb.sql('show databases like \'broken\'')).trim()).toBe('');
  });

  test('files: never over one that is there without its path typed; nothing half written stays', async () => {
    const folder = tempFolder();
    const notes = path.join(folder, 'notes.db');
    execFileSync('sqlite3', [notes, 'create table note (text); insert into note values (1), (2);']);
    const content = readFileSync(notes);
    const at = '/databases/sqlite/home/me/notes.db';
    const target = path.join(folder, 'back.db');
    expect(await restoreDatabase(order(at, content, target), host)).toEqual({ into: target, tables: 1, rows: 2 });
    await expect(restoreDatabase(order(at, content, target), host)).rejects.toThrow(/is there already/);
    await restoreDatabase(order(at, content, target, { replace: target }), host);
    content.fill(0, 0, 50);
    await expect(restoreDatabase(order(at, content, path.join(folder, 'bad.db')), host)).rejects.toMatchObject({ code: 'source-failed' });
    await restoreDatabase(order(sitePath, site, path.join(folder, 'site.sql')), host);
    expect(readFileSync(path.join(folder, 'site.sql')).equals(site)).toBe(true);
    await expect(restoreDatabase(order('/databases/redis/localhost:6379/dump.rdb', content, 'redis://localhost'), host)).rejects.toThrow(/A running Redis cannot load a copy/);
    expect(readdirSync(folder).sort()).toEqual(['back.db', 'notes.db', 'site.sql']);
  });

  test('holdfast restore --database, with the password from a file of PostgreSQL', async () => {
    const folder = tempFolder();
    const bench = await drillBench(folder, [folder]);
    await bench.backUp([], { [shopPath]: bytes(shop), [sitePath]: bytes(site) });
    const pgpass = path.join(folder, 'pgpass');
    writeFileSync(pgpass, `*:*:*:*:${postgres.password.replace(/[\\:]/g, '\\$&')}\n`, { mode: 0o600 });
    const at = home({ HOLDFAST_PASSWORD: bench.access.password, HOLDFAST_REPOSITORY: bench.access.url, PGPASSFILE: pgpass });
    expect(await at.json('restore', 'latest', '--database', 'shop', '--into', pg('by_command'))).toMatchObject({ database: 'shop', into: 'by_command', tables: 1, rows: 100 });
    const again = await at.holdfast('restore', 'latest', '--database', 'shop', '--into', pg('by_command'));
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/has a database "by_command" already/)]);
    const none = await at.holdfast('restore', 'latest', '--database', 'nothing', '--into', pg('x'));
    expect(none.stderr).toContain('There is no database "nothing" in this snapshot. There are: site, shop.');
    expect((await at.holdfast('restore', 'latest')).code).toBe(2);
    await postgres.sql('drop database by_command');
  });
});
