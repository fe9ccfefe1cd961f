/** A drill of a real database by a real agent: killed in the middle, and on a disk that really fills up. Needs root for the disk. */
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../../helpers/postgres.js';
import { run } from '../../helpers/processes.js';
import { until } from '../../helpers/until.js';
import { holdfastJs, home, type Home } from '../../integration/cli/holdfast.js';

let postgres: PostgresServer;
beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('These tests mount a file system. Run them as root.');
  postgres = await startPostgres();
  await postgres.sql('create database shop');
  await postgres.sql('create table orders as select n, repeat(md5(n::text), 4) as note from generate_series(1, 400000) n; create index on orders (note); create index on orders (n, note)', 'shop');
}, 120_000);
afterAll(() => postgres.stop());

/** All processes whose command line names a drill's folder below `place`. */
const servers = (place: string): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return line.includes(`${place}/holdfast-drill-`) ? [line] : [];
  } catch {
    return []; // it has ended
  }
});
const folders = (place: string): string[] => readdirSync(place).filter((name) => name.startsWith('holdfast-drill-'));

/** A memory disk of this size, which every user of this computer can reach. */
function disk(size: string): string {
  const place = `/tmp/hf-${process.pid}-${size}`;
  mkdirSync(place);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=1777`, 'tmpfs', place]);
  onTestFinished(() => {
    execFileSync('umount', ['-l', place]);
    execFileSync('rmdir', [place]);
  });
  chmodSync(place, 0o1777);
  return place;
}

/** A hub and an agent that has backed the database up once, with its temporary files in `place`. */
async function scene(place: string): Promise<{ agent: Home; start: () => Promise<{ pid: number; kill: () => Promise<void> }> }> {
  const hub = home();
  await hub.start('hub', '--listen', '127.0.0.1:0').line(/^listening on /);
  const { link } = await hub.json<{ link: string }>('agents', 'add', 'server');
  const agent = home({ HOLDFAST_PASSWORD: 'of the repository', TMPDIR: place });
  const tokenFile = path.join(agent.folder, 'token');
  writeFileSync(tokenFile, link, { mode: 0o600 });
  const start = async (): Promise<{ pid: number; kill: () => Promise<void> }> => {
    const running = agent.start('agent', '--token-file', tokenFile);
    await running.line(/^connected to /);
    const { agent: { pid } } = await agent.json<{ agent: { pid: number } }>('status');
    return { pid, kill: async () => { process.kill(pid, 'SIGKILL'); await running.ended; } };
  };
  return { agent, start: async () => {
    const running = await start();
    if ((await agent.json<{ jobs: unknown[] }>('status')).jobs.length > 0) return running;
    const address = `postgresql://postgres@127.0.0.1:${postgres.port}`;
    expect(await run(process.execPath, [holdfastJs, 'secret', 'set', address], { env: agent.env, input: `${postgres.password}\n` })).toMatchObject({ code: 0 });
    const { id } = await hub.json<{ id: string }>('job', 'add', 'Shop', '--source', `${address}/shop`, '--repo', path.join(agent.folder, 'repo'), '--every', '1d');
    await until('the job is there', async () => (await agent.json<{ jobs: unknown[] }>('status')).jobs.length === 1);
    await until('the job is allowed', async () => (await agent.holdfast('approve', '--all')).stdout.startsWith('Allowed'));
    await hub.json('job', 'run', id, '--wait');
    return running;
  } };
}

test('kill -9 in the middle of a drill: the next start ends the scratch server and removes its folder', { timeout: 180_000 }, async () => {
  const place = disk('1g');
  const { agent, start } = await scene(place);
  const first = await start();
  const drilling = agent.start('drill', 'Shop');
  await until('the dump is being loaded', () => servers(place).some((line) => line.includes('pg_restore')));
  await first.kill();
  await drilling.ended;
  expect(servers(place).length).toBeGreaterThan(0);
  expect(folders(place)).toHaveLength(1);
  await start();
  await until('nothing of it is left', () => servers(place).length === 0 && folders(place).length === 0);
  expect(await agent.json('drill', 'Shop')).toMatchObject({ outcome: 'proven' });
  expect(folders(place)).toEqual([]);
});

test('a disk that fills up while the dump is loaded: one sentence, no verdict on the backup, nothing left', { timeout: 180_000 }, async () => {
  const place = disk('1100m');
  const { agent, start } = await scene(place);
  await start();
  const drilling = agent.start('drill', 'Shop', '--json');
  await until('the scratch server is there', () => servers(place).length > 0);
  const filler = openSync(path.join(place, 'filler'), 'w');
  try {
    for (const piece = Buffer.alloc(8 << 20); ;) writeSync(filler, piece);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(filler);
  }
  const { stdout } = await drilling.ended;
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'not-done', reason: expect.stringMatching(/Make room/) as string });
  expect(servers(place)).toEqual([]);
  expect(folders(place)).toEqual([]);
  expect(await agent.json('status')).toMatchObject({ status: 'Protected' });
});
