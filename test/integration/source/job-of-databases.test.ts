/** A job of databases through the agent's engine: what is nowhere to be read afterwards, and what sources keep from each other. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEngine } from '../../../main/backup/thread/engine.js';
import { removeLeftFolders } from '../../../main/backup/source/process/private-folder.js';
import { busyCompilers } from '../../../main/platform/engine/compilers.js';
import { createAgentEngine } from '../../../main/platform/engine/engine.js';
import type { Engine } from '../../../main/agent/ports.js';
import { sourceSchema, type Source } from '../../../main/shared/model.js';
import { dumpAt } from '../../../main/shared/restore.js';
import { startMariadb, type MariadbServer } from '../../helpers/mariadb.js';
import { startPostgres, type PostgresServer } from '../../helpers/postgres.js';
import { Restic } from '../../helpers/restic.js';
import { never } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';

let postgres: PostgresServer;
let mariadb: MariadbServer;
beforeAll(async () => { [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()]); }, 120_000);
afterAll(async () => { await Promise.all([postgres.stop(), mariadb.stop()]); });

const pg = (databases: string[]): Source => sourceSchema.parse({ type: 'postgresql', host: '127.0.0.1', port: postgres.port, user: 'postgres', databases });
const my = (databases?: string[]): Source => sourceSchema.parse({ type: 'mysql', host: '127.0.0.1', port: mariadb.port, user: 'root', databases });

function agentEngine(folder: string, log: string[]): Engine {
  const engine = createAgentEngine({
    compilers: busyCompilers, open: () => Promise.resolve(createEngine()), cacheFolder: path.join(folder, 'cache'), logger: { log: (level, message) => { log.push(`${level} ${message}`); } },
    sources: { env: { ...process.env, XDG_RUNTIME_DIR: folder }, password: (target) => Promise.resolve(target.startsWith('postgresql') ? postgres.password : mariadb.password) },
  });
  return engine;
}

/** All command lines on this computer. */
const commandLines = (): string => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => {
  try {
    return readFileSync(`/proc/${name}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}).join('\n');

test('no password in any command line, log or part of the repository that is not the dump itself; and a database called "users" is one of its own', async () => {
  await postgres.sql('create database shop');
  await postgres.sql('create table goods (id int primary key, name text); insert into goods select n, md5(n::text) from generate_series(1, 40000) n', 'shop');
  await mariadb.sql('create database users; create table users.people (id int primary key, name text); insert into users.people values (1, \'anna\')');
  const folder = tempFolder();
  const log: string[] = [];
  const engine = agentEngine(folder, log);
  const access = { url: path.join(folder, 'repository'), password: 'of the repository' };
  const seen: string[] = [];
  const looking = setInterval(() => { seen.push(commandLines()); }, 15);
  try {
    await engine.prepare(access);
    const result = await engine.backup({ repository: access, sources: [pg(['shop']), my()], host: 'laptop', tags: ['job-1'], gentle: false }, () => undefined, never);
    await expect(engine.backup({ repository: access, sources: [pg(['gone'])], host: 'laptop', tags: [], gentle: false }, () => undefined, never)).rejects.toMatchObject({ code: 'source-missing' });
    expect(result.unreadableCount).toBe(0);
  } finally {
    clearInterval(looking);
    await engine.close();
  }
  const restic = new Restic(access.url, access.password, folder);
  const listed = await restic.run(['ls', '--json', 'latest']);
  const snapshot = await restic.run(['cat', 'snapshot', String(JSON.parse(listed.stdout.split('\n')[0] ?? '{}').id)]);
  expect(snapshot.stdout).toContain('/databases/postgresql/');
  const dumps = listed.stdout.split('\n').slice(1).filter((line) => line !== '').map((line) => String(JSON.parse(line).path)).flatMap((at) => dumpAt(at) ?? []);
  expect(dumps.map(({ content, database, kind }) => `${kind} ${content} ${database}`).sort()).toEqual(['mysql database users', 'mysql roles users', 'postgresql database shop', 'postgresql roles globals']);
  const everything = [...seen, ...log, listed.stdout, snapshot.stdout, ...readdirSync(folder)].join('\n');
  expect(seen.some((lines) => lines.includes('pg_dump')) || seen.some((lines) => lines.includes('mariadb-dump'))).toBe(true);
  for (const secret of [postgres.password, mariadb.password, JSON.stringify(postgres.password).slice(1, -1), access.password]) expect(everything.includes(secret)).toBe(false);
}, 120_000);

test('what one source leaves out, another one keeps', async () => {
  const folder = tempFolder();
  for (const name of ['a', 'b']) {
    mkdirSync(path.join(folder, name, 'deep', 'er'), { recursive: true });
    for (const file of ['x.log', 'deep/y.log', 'deep/er/z.log', 'deep/keep.txt', 'deep/dear.log']) writeFileSync(path.join(folder, name, file), name);
  }
  const engine = agentEngine(folder, []);
  const access = { url: path.join(folder, 'repository'), password: 'x' };
  try {
    await engine.prepare(access);
    const files = (name: string, excludes: string[]): Source => ({ type: 'files', paths: [path.join(folder, name)], excludes });
    await engine.backup({ repository: access, sources: [files('a', ['*.log', '!dear.log']), files('b', [])], host: 'laptop', tags: [], gentle: false }, () => undefined, never);
  } finally {
    await engine.close();
  }
  const { stdout } = await new Restic(access.url, access.password, folder).run(['ls', 'latest']);
  const held = stdout.split('\n').filter((line) => /\.(log|txt)$/.test(line)).map((line) => line.slice(folder.length + 1)).sort();
  expect(held).toEqual(['a/deep/dear.log', 'a/deep/keep.txt', 'b/deep/dear.log', 'b/deep/er/z.log', 'b/deep/keep.txt', 'b/deep/y.log', 'b/x.log']);
}, 60_000);

test('the private file of a tool whose agent was killed is removed at the next start, and nothing else', async () => {
  const folder = tempFolder();
  const gone = spawnSync('true').pid;
  for (const name of [`holdfast-tool-${gone}-AbCdEf`, `holdfast-tool-${process.pid}-AbCdEf`, 'holdfast-tool-x', 'holdfast-other']) {
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, 'options'), 'password=secret', { mode: 0o600 });
  }
  expect(await removeLeftFolders({ XDG_RUNTIME_DIR: folder })).toBe(1);
  expect(readdirSync(folder).sort()).toEqual(['holdfast-other', `holdfast-tool-${process.pid}-AbCdEf`, 'holdfast-tool-x'].sort());
});
