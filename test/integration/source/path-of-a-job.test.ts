import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMariadb, type MariadbServer } from '../../helpers/mariadb.js';
import { startPostgres, type PostgresServer } from '../../helpers/postgres.js';
import { run, runOk } from '../../helpers/processes.js';
import { installWordpress, makeWordpress, serveWordpress, wordpressSettings } from '../../helpers/wordpress.js';
import { holdfastJs, home, type Home } from '../cli/holdfast.js';

let postgres: PostgresServer;
let mariadb: MariadbServer;
beforeAll(async () => {
  [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()]);
}, 120_000);
afterAll(async () => { await Promise.all([postgres.stop(), mariadb.stop()]); });

const repositoryPassword = 'of the repository';

/** A hub and an agent that is connected to it. */
async function office(): Promise<{ hub: Home; agent: Home }> {
  const hub = home();
  const running = hub.start('hub', '--listen', '127.0.0.1:0');
  await running.line(/^listening on /);
  const { link } = await hub.json<{ link: string }>('agents', 'add', 'server');
  const agent = home({ HOLDFAST_PASSWORD: repositoryPassword });
  const tokenFile = path.join(agent.folder, 'token');
  writeFileSync(tokenFile, link, { mode: 0o600 });
  await agent.start('agent', '--token-file', tokenFile).line(/^connected to /);
  return { hub, agent };
}

const setPassword = async (agent: Home, address: string, password: string): Promise<void> => {
  const done = await run(process.execPath, [holdfastJs, 'secret', 'set', address], { env: agent.env, input: `${password}\n` });
  expect(done).toMatchObject({ code: 0 });
  expect(done.stdout + done.stderr).not.toContain(password);
};

async function loadInto(server: MariadbServer, database: string, file: string): Promise<void> {
  const child = spawn('mariadb', [...server.access.args, database], { env: { ...process.env, ...server.access.env }, stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => { child.once('close', resolve); });
  await pipeline(createReadStream(file), child.stdin);
  expect(await ended).toBe(0);
}

/** Everything that is on disk below a folder, as one text. */
const textBelow = (folder: string): string => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1')).join('\n');

test('one job of files, PostgreSQL and a real WordPress runs from hub to agent; restic restores it, and the site stands again', async () => {
  await postgres.sql('create database shop');
  await postgres.sql('create table orders as select n, md5(n::text) as note from generate_series(1, 2000) n', 'shop');
  await mariadb.sql('create database blog character set utf8mb4; create user wp@\'%\' identified by \'wp"\'\'s geheim\'; grant all on blog.* to wp@\'%\'');
  const { agent, hub } = await office();
  const at = (name: string): string => path.join(agent.folder, name);
  const settings = { host: '127.0.0.1', port: mariadb.port, name: 'blog', user: 'wp', password: 'wp"\'s geheim' };
  makeWordpress(at('site'), settings);
  const site = await serveWordpress(at('site'));
  await installWordpress(site, 'Anna\u2019s caf\u00e9 \u2603');
  expect((await site.page('/')).text).toContain('Anna\u2019s caf\u00e9 \u2603');
  mkdirSync(at('elsewhere'));
  writeFileSync(path.join(at('elsewhere'), 'photo.jpg'), 'a photo');
  symlinkSync(at('elsewhere'), path.join(at('site'), 'wp-content', 'uploads'));
  mkdirSync(at('files'));
  writeFileSync(path.join(at('files'), 'a.txt'), 'content');

  const server = `postgresql://postgres@127.0.0.1:${postgres.port}`;
  const repo = at('repo');
  const { id } = await hub.json('job', 'add', 'All', at('files'), '--source', `${server}/shop`, '--source', `wordpress:${at('site')}`, '--repo', repo);
  const refused = await hub.holdfast('job', 'run', String(id), '--wait');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/PostgreSQL at 127\.0\.0\.1:\d+ does not let the user "postgres" in/) });
  const env = { RESTIC_PASSWORD: repositoryPassword };
  expect(JSON.parse(await runOk('restic', ['-r', repo, '--no-cache', '--json', 'snapshots'], { env }))).toEqual([]);
  await setPassword(agent, server, postgres.password);
  expect(await hub.json('job', 'run', String(id), '--wait')).toMatchObject({ state: 'succeeded', result: { unreadableCount: 0, warnings: [] } });

  expect(await runOk('restic', ['-r', repo, '--no-cache', 'check', '--read-data'], { env })).toContain('no errors were found');
  const [snapshot] = JSON.parse(await runOk('restic', ['-r', repo, '--no-cache', '--json', 'snapshots'], { env })) as { paths: string[] }[];
  expect(snapshot?.paths).toEqual([`/databases/mysql/127.0.0.1:${mariadb.port}`, `/databases/postgresql/127.0.0.1:${postgres.port}`, at('elsewhere'), at('files'), at('site')].sort());
  const out = at('out');
  await runOk('restic', ['-r', repo, '--no-cache', 'restore', 'latest', '--target', out], { env });
  expect(readFileSync(path.join(out, at('files'), 'a.txt'), 'utf8')).toBe('content');
  expect(readFileSync(path.join(out, at('elsewhere'), 'photo.jpg'), 'utf8')).toBe('a photo');

  await postgres.sql('create database again');
  await runOk('pg_restore', ['-h', '127.0.0.1', '-p', String(postgres.port), '-U', 'postgres', '-d', 'again', '--exit-on-error', path.join(out, `databases/postgresql/127.0.0.1:${postgres.port}/shop.dump`)], { env: { PGPASSWORD: postgres.password } });
  const sum = 'select md5(string_agg(o::text, \',\' order by n)) from orders o';
  expect(await postgres.sql(sum, 'again')).toBe(await postgres.sql(sum, 'shop'));

  const fresh = await startMariadb();
  try {
    await fresh.sql('create database blog; create user wp@\'%\' identified by \'another\'; grant all on blog.* to wp@\'%\'');
    await loadInto(fresh, 'blog', path.join(out, `databases/mysql/127.0.0.1:${mariadb.port}/blog.sql`));
    const restored = path.join(out, at('site'));
    writeFileSync(path.join(restored, 'wp-config.php'), wordpressSettings({ ...settings, port: fresh.port, password: 'another' }));
    const again = await serveWordpress(restored);
    const front = await again.page('/');
    expect(front.status).toBe(200);
    expect(front.text).toContain('Anna\u2019s caf\u00e9 \u2603');
    expect(front.text).toContain('Hello world!');
    expect((await fresh.sql('select count(*) from hf_users where user_login = \'anna\'', 'blog')).trim()).toBe('1');
  } finally {
    await fresh.stop();
  }

  // The passwords are in the secret store, and in no log, journal or settings.
  const known = readFileSync(path.join(agent.data, 'secrets.json'), 'utf8');
  expect(known).toContain(JSON.stringify(postgres.password).slice(1, -1));
  writeFileSync(path.join(agent.data, 'secrets.json'), '{}');
  for (const secret of [postgres.password, JSON.stringify(postgres.password).slice(1, -1), 'geheim']) {
    expect(textBelow(agent.data)).not.toContain(secret);
    expect(textBelow(hub.data)).not.toContain(secret);
  }
  expect(existsSync(path.join(agent.data, 'secrets.json'))).toBe(true);
}, 180_000);
