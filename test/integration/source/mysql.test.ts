import { createReadStream, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMysql } from '../../../main/backup/source/mysql/mysql.js';
import { localHost } from '../../../main/backup/source/process/host.js';
import { mysqlSource, type MysqlSource } from '../../../main/shared/sources.js';
import { startMariadb, type MariadbServer } from '../../helpers/mariadb.js';
import { runOk } from '../../helpers/processes.js';
import { childrenOf, contentOf, never, saveStream, sourcePorts, streamOf } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';

let server: MariadbServer;
const host = localHost(process.env);
const target = (user = 'root'): string => `mysql://${user}@127.0.0.1:${server.port}`;
const source = (more: Partial<MysqlSource> = {}): MysqlSource => mysqlSource.parse({ type: 'mysql', host: '127.0.0.1', port: server.port, user: 'root', ...more });
const open = (more: Partial<MysqlSource> = {}, ports = sourcePorts({ [target()]: server.password })) => openMysql(source(more), host, ports);

beforeAll(async () => {
  server = await startMariadb();
  await server.sql(`
    create database shop character set latin1 collate latin1_german1_ci; create database \`odd/na'me %x\`; create database old;
    create user keeper@'%' identified by 'keeper-pw'; grant select, insert on shop.* to keeper@'%';
    create user reader@'%' identified by 'reader-pw';
    use shop;
    create table orders (id int auto_increment primary key, note varchar(200) character set utf8mb4, paid blob, at timestamp default current_timestamp);
    insert into orders (note, paid) select concat('naïve ☃ 𝄞 ', md5(seq)), unhex(concat('00ff27', md5(seq))) from seq_1_to_20000;
    create table customers (id int primary key, name text); grant select on shop.customers to reader@'%'; insert into customers values (1, 'a\\nb\\tc\\\\d');
    create table cache (x text); insert into cache values ('secret-cache-row'); create table junk (x int);
    create view recent as select * from orders where id > 100; create view cached as select * from cache;
    create sequence invoice start with 4711; do nextval(invoice);
    delimiter //
    create procedure twice(n int) begin select 2 * n; end //
    create function half(n int) returns int deterministic return n / 2 //
    create trigger touched before update on orders for each row set new.at = now() //
    create event cleanup on schedule every 1 day disable do delete from junk //
    delimiter ;
  `);
}, 120_000);
afterAll(() => server.stop());

async function load(into: MariadbServer, database: string, file: string): Promise<void> {
  const child = spawn('mariadb', [...into.access.args, database], { env: { ...process.env, ...into.access.env }, stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => { said += piece.toString(); });
  const ended = new Promise<number | null>((resolve) => { child.once('close', resolve); });
  await pipeline(createReadStream(file), child.stdin);
  const code = await ended;
  if (code !== 0) throw new Error(said);
}

const plain = (from: MariadbServer, database: string): Promise<string> => runOk('mariadb-dump', [...from.access.args, '--routines', '--events', '--triggers', '--skip-comments', '--hex-blob', database], { env: from.access.env });

test('a dump under write load loads into a fresh server and is the same there', async () => {
  const ports = sourcePorts({ [target()]: server.password });
  const opened = await open({}, ports);
  expect(opened.streams.map(({ path: at }) => path.basename(at)).sort()).toEqual(['odd%2fna\'me %25x.sql', 'old.sql', 'shop.sql', 'users.sql']);
  expect(ports.warnings).toEqual([]);
  const folder = tempFolder();
  let writing = true;
  const load1 = (async () => { while (writing) await server.sql('update orders set note = concat(note, \'!\') where id % 100 = 7; insert into orders (note) values (\'x\')', 'shop'); })();
  await saveStream(streamOf(opened, 'shop.sql'), path.join(folder, 'busy.sql'));
  writing = false;
  await load1;
  const quiet = await plain(server, 'shop');
  await saveStream(streamOf(opened, 'shop.sql'), path.join(folder, 'quiet.sql'));
  await saveStream(streamOf(opened, 'users.sql'), path.join(folder, 'users.sql'));
  await opened.close();

  const fresh = await startMariadb();
  try {
    await fresh.sql('create database busy; create database quiet');
    await load(fresh, 'busy', path.join(folder, 'busy.sql'));
    expect(Number(await fresh.sql('select count(*) from orders', 'busy'))).toBeGreaterThanOrEqual(20_000);
    await load(fresh, 'quiet', path.join(folder, 'quiet.sql'));
    expect(await plain(fresh, 'quiet')).toBe(quiet.replaceAll('`shop`', '`quiet`'));
    expect((await fresh.sql('select half(84), nextval(invoice)', 'quiet')).trim()).toMatch(/^42\t\d+$/);
    expect((await fresh.sql('select default_collation_name from information_schema.schemata where schema_name = \'quiet\'')).trim()).toBe('latin1_german1_ci');
    expect(readFileSync(path.join(folder, 'users.sql'), 'utf8')).toContain('keeper');
  } finally {
    await fresh.stop();
  }
}, 180_000);

test('leaves out what the job leaves out', async () => {
  const opened = await open({ databases: ['shop', 'old'], excludeDatabases: ['old'], excludeTables: ['shop.junk'], excludeTableData: ['shop.cache'] });
  expect(opened.streams.map(({ name }) => name)).toEqual([`Users of MySQL at 127.0.0.1:${server.port}`, 'MySQL database "shop"']);
  const text = (await contentOf(streamOf(opened, 'shop.sql'))).toString();
  await opened.close();
  expect(text).not.toContain('TABLE `junk`');
  expect(text).toContain('CREATE TABLE `cache`');
  expect(text.indexOf('CREATE TABLE `cache`')).toBeLessThan(text.indexOf('VIEW `cached`'));
  expect(text).not.toContain('secret-cache-row');
});

test('equal data gives equal dumps', async () => {
  const opened = await open({ databases: ['shop'] });
  const first = await contentOf(streamOf(opened, 'shop.sql'));
  expect((await contentOf(streamOf(opened, 'shop.sql'))).equals(first)).toBe(true);
  await opened.close();
});

test('no password in the list of processes nor in an environment, and no file of it left', async () => {
  const folder = tempFolder();
  const opened = await openMysql(source({ databases: ['shop'] }), localHost({ ...process.env, XDG_RUNTIME_DIR: folder }), sourcePorts({ [target()]: server.password }));
  const reading = streamOf(opened, 'shop.sql').open(never)[Symbol.asyncIterator]();
  await reading.next();
  await reading.next();
  expect(childrenOf().filter((line) => line.includes('mariadb-dump'))).toHaveLength(1);
  expect(childrenOf().join('\n')).not.toContain('he\'im');
  const [pid] = (await runOk('pgrep', ['-P', String(process.pid), 'mariadb-dump'])).split('\n');
  expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain('he\'im');
  await opened.close();
  expect(childrenOf().filter((line) => line.includes('mariadb-dump'))).toEqual([]);
  expect(await runOk('ls', ['-A', folder])).toBe('');
});

test('each trouble is one sentence, and never the end of a stream', async () => {
  await expect(open({}, sourcePorts({ [target()]: 'wrong' }))).rejects.toMatchObject({ code: 'permission-denied', message: expect.stringContaining('does not let the user "root" in') });
  await expect(open({ port: 1 })).rejects.toMatchObject({ code: 'source-missing', retryable: true });
  await expect(open({ databases: ['gone'] })).rejects.toThrow(/has no database "gone"/);
  await expect(openMysql(source(), { ...host, find: ([name]) => Promise.resolve(name === 'apt-get' ? name : null) }, sourcePorts())).rejects.toThrow(/mysql is not on this computer\. Install .*mysql-client/);
  await expect(open({ tls: 'require' })).rejects.toMatchObject({ code: 'source-failed', message: expect.stringContaining('no encrypted connection') });

  const ports = sourcePorts({ [target('keeper')]: 'keeper-pw', [target('reader')]: 'reader-pw' });
  const keeper = await open({ user: 'keeper', databases: ['shop'] }, ports);
  expect(ports.warnings[0]).toMatch(/Users and grants .* may not read them/);
  await expect(contentOf(streamOf(keeper, 'shop.sql'))).rejects.toThrow(/"keeper" may not read/);
  await keeper.close();
  await server.sql('create table shop.old_engine (x int) engine=MyISAM');
  await (await open({ databases: ['shop'] }, Object.assign(ports, { password: () => Promise.resolve(server.password) }))).close();
  await server.sql('drop table shop.old_engine');
  expect(ports.warnings.at(-1)).toMatch(/tables without transactions \(shop\.old_engine\)/);
});

test('a dump whose tool or server is killed fails and leaves no process', async () => {
  const opened = await open({ databases: ['shop'] });
  const killed = streamOf(opened, 'shop.sql').open(never)[Symbol.asyncIterator]();
  await killed.next();
  await killed.next();
  await runOk('pkill', ['-9', '-P', String(process.pid), 'mariadb-dump']);
  await expect((async () => { for (;;) if ((await killed.next()).done) return; })()).rejects.toMatchObject({ code: 'source-failed', retryable: true });
  await opened.close();

  const other = await startMariadb();
  try {
    await other.sql('create database big; use big; create table t as select seq, repeat(md5(seq), 4) x from seq_1_to_200000');
    await other.sql(`create user other@'%' identified by 'p'; grant all on *.* to other@'%';`);
    const second = await openMysql(source({ port: other.port, user: 'other', databases: ['big'] }), host, { ...sourcePorts(), password: () => Promise.resolve('p') });
    const lost = streamOf(second, 'big.sql').open(never)[Symbol.asyncIterator]();
    await lost.next();
    await lost.next();
    await other.kill();
    await expect((async () => { for (;;) if ((await lost.next()).done) return; })()).rejects.toMatchObject({ code: 'source-failed', message: expect.stringContaining('broke off') });
    await second.close();
  } finally {
    await other.stop();
  }
  expect(childrenOf().filter((line) => line.includes('mariadb-dump'))).toEqual([]);
}, 120_000);
