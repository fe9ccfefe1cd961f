/**
 * Databases inside a real container, dumped through its engine's exec: the tools are the container's, no password is in a command line, and a dump
 * that is left ends inside it, too. The container's files are this computer's own under an overlay, so nothing is downloaded.
 * Needs root and podman with runc (apt-get install podman runc).
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSources } from '../../../main/backup/source/open.js';
import type { OpenedSource } from '../../../main/backup/source/source.js';
import { sourceSchema, type Source } from '../../../main/shared/model.js';
import { startPostgres, postgresBinaries } from '../../helpers/postgres.js';
import { runOk } from '../../helpers/processes.js';
import { contentOf, never, saveStream, sourcePorts, streamOf } from '../../helpers/sources.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const name = `holdfast-test-${randomBytes(4).toString('hex')}`;
const password = 'geheim "in\' the container';
const folder = tempFolder({ keep: true });
/** The engine's settings, for podman's own calls and those of the product alike. */
const settings = path.join(folder, 'containers.conf');
const env = { ...process.env, CONTAINERS_CONF: settings };
const podman = (...args: string[]): Promise<string> => runOk('podman', args, { env, limit: 120_000 });
const inside = (script: string): Promise<string> => podman('exec', name, 'sh', '-c', script);
const binaries = postgresBinaries();

const servers = `set -e
mkdir -p /var/run/postgresql /run/mysqld && chown postgres /var/run/postgresql && chown mysql /run/mysqld
mkdir -p /tmp/s && chown postgres /tmp/s && mkdir -p /tmp/m && chown mysql /tmp/m
printf %s "$SECRET" > /tmp/s/pw && chown postgres /tmp/s/pw
as() { user=$1; shift; setpriv --reuid="$user" --regid="$user" --clear-groups "$@"; }
as postgres ${binaries}/initdb -D /tmp/s/data -U postgres -A scram-sha-256 --pwfile /tmp/s/pw --no-sync >/dev/null
as mysql mariadb-install-db --no-defaults --datadir=/tmp/m/data --auth-root-authentication-method=normal --skip-test-db >/dev/null
as mysql mariadbd --no-defaults --datadir=/tmp/m/data --socket=/run/mysqld/mysqld.sock --bind-address=127.0.0.1 --port=3306 --pid-file=/tmp/m/pid &
exec setpriv --reuid=postgres --regid=postgres --clear-groups ${binaries}/postgres -D /tmp/s/data -k /var/run/postgresql -c listen_addresses=127.0.0.1 -c fsync=off
`;

beforeAll(async () => {
  writeFileSync(settings, '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n');
  // a network of its own, so that nothing but exec leads inside
  await podman('run', '--detach', '--name', name, '--network', 'none', '--env', `SECRET=${password}`, '--rootfs', '/:O', 'sh', '-c', servers);
  const sql = `PGPASSWORD="$SECRET" psql -qX -v ON_ERROR_STOP=1 -h localhost -U postgres`;
  await until('PostgreSQL answers in the container', () => inside(`${sql} -c "select 1"`).then(() => true, () => false), 60_000);
  await until('MariaDB answers in the container', () => inside('mariadb --no-defaults -S /run/mysqld/mysqld.sock -u root -e "select 1"').then(() => true, () => false), 60_000);
  await inside(`${sql} -c "create database shop" && ${sql} -d shop -c "create table goods as select n, md5(n::text) as name from generate_series(1, 200000) n"`);
  await inside('mariadb --no-defaults -S /run/mysqld/mysqld.sock -u root -e "create database blog; use blog; create table posts (id int primary key, title text); insert into blog.posts select seq, md5(seq) from seq_1_to_50000"');
  await inside(`mariadb --no-defaults -S /run/mysqld/mysqld.sock -u root -e "create user keeper@localhost identified by 'geheim in ü'; grant all on *.* to keeper@localhost"`);
}, 180_000);

afterAll(async () => {
  try {
    execFileSync('podman', ['rm', '-f', '-t', '0', name], { env, stdio: 'ignore' });
  } finally {
    await removeTree(folder);
  }
});

const ports = () => sourcePorts({ [`postgresql://postgres@container:${name}`]: password, [`mysql://keeper@container:${name}`]: 'geheim in ü' }, env);
const pg = (): Source => sourceSchema.parse({ type: 'postgresql', container: name, host: 'localhost', user: 'postgres', databases: ['shop'] });
const my = (): Source => sourceSchema.parse({ type: 'mysql', container: name, host: 'localhost', user: 'keeper', databases: ['blog'] });
const commandLines = (): string => readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map((entry) => {
  try {
    return readFileSync(`/proc/${entry}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}).join('\n');

test('dumps of a container load elsewhere, no command line has a password, and one that is left ends in the container', async () => {
  const opened: OpenedSource = await openSources([pg(), my()], ports(), never);
  const reading = streamOf(opened, 'shop.dump').open(never)[Symbol.asyncIterator]();
  await reading.next();
  const lines = commandLines();
  expect(lines).toContain('pg_dump');
  expect(lines.replaceAll(`SECRET=${password}`, '')).not.toContain(password); // but what this test gave the container itself
  await reading.return?.(undefined);
  await until('pg_dump has ended in the container', () => Promise.resolve(!commandLines().split('\n').some((line) => line.startsWith('pg_dump') || line.includes('/pg_dump\0'))));

  const file = path.join(folder, 'shop.dump');
  await saveStream(streamOf(opened, 'shop.dump'), file);
  const blog = (await contentOf(streamOf(opened, 'blog.sql'))).toString();
  expect(blog.match(/^INSERT INTO/gm)).toHaveLength(50_000);
  expect(blog).toContain('-- Dump completed');
  await opened.close();
  const fresh = await startPostgres();
  try {
    await fresh.sql('create database shop');
    await runOk('pg_restore', ['-h', '127.0.0.1', '-p', String(fresh.port), '-U', 'postgres', '-d', 'shop', file], { env: { PGPASSWORD: fresh.password } });
    expect((await fresh.sql('select count(*) from goods', 'shop')).trim()).toBe('200000');
  } finally {
    await fresh.stop();
  }
}, 180_000);

test('a wrong password, a container that is not there and one that stands still are one sentence each', async () => {
  await expect(openSources([pg()], sourcePorts({ [`postgresql://postgres@container:${name}`]: 'wrong' }, env), never)).rejects.toMatchObject({ code: 'permission-denied' });
  await expect(openSources([sourceSchema.parse({ type: 'redis', container: 'nowhere', host: 'localhost' })], ports(), never)).rejects.toThrow(/No container "nowhere" is known/);
  await podman('stop', '-t', '1', name);
  await expect(openSources([pg()], ports(), never)).rejects.toThrow(/is not running\. Start it/);
}, 60_000);
