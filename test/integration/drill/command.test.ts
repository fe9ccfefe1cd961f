/** `holdfast drill` with a real hub and agent: what it prints, what status, hub and run log say afterwards, and what damage does to them. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../helpers/until.js';
import { home } from '../cli/holdfast.js';

test('proves a job, tells the hub, and finds damage', async () => {
  const hub = home();
  await hub.start('hub', '--listen', '127.0.0.1:0').line(/^listening on /);
  const { link } = await hub.json<{ link: string }>('agents', 'add', 'laptop');
  const agent = home({ HOLDFAST_PASSWORD: 'of the server' });
  const tokenFile = path.join(agent.folder, 'token');
  writeFileSync(tokenFile, link, { mode: 0o600 });
  const files = path.join(agent.folder, 'files');
  mkdirSync(files);
  for (let number = 0; number < 30; number += 1) writeFileSync(path.join(files, `file ${number}`), `content ${number} `.repeat(1000));
  // what an agent left that was killed in the middle of a drill
  const left = path.join(agent.data, 'cache', 'drills', 'holdfast-drill-leftover');
  mkdirSync(path.join(left, 'files'), { recursive: true });
  writeFileSync(path.join(agent.data, 'drill-folders.json'), JSON.stringify({ folders: [left] }));
  const running = agent.start('agent', '--token-file', tokenFile);
  await running.line(/^connected to /);
  expect(existsSync(left)).toBe(false);
  const repo = path.join(agent.folder, 'repo');
  const { id } = await hub.json<{ id: string }>('job', 'add', 'Docs', files, '--repo', repo, '--every', '1d');
  await until('the job is there', async () => (await agent.json<{ jobs: unknown[] }>('status')).jobs.length === 1);
  expect((await agent.holdfast('drill', 'Docs')).stderr).toContain('has no backup yet');
  expect(existsSync(repo)).toBe(false);
  await hub.json('job', 'run', id, '--wait');

  expect(await agent.json('drill', 'Docs')).toMatchObject({ jobId: id, outcome: 'proven', files: 20, reason: null });
  expect((await agent.json<{ reason: string }>('status')).reason).toMatch(/last proven restorable just now$/);
  await until('the hub knows', async () => (await hub.json<{ reason: string }[]>('agents', 'list'))[0]?.reason.includes('last proven restorable') === true);

  const packs = readdirSync(path.join(repo, 'data'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  for (const pack of packs) {
    const content = readFileSync(pack);
    chmodSync(pack, 0o600);
    content.fill(0x55, 0, 200);
    writeFileSync(pack, content);
  }
  const damaged = await agent.holdfast('drill', 'Docs');
  expect([damaged.code, damaged.stdout]).toEqual([1, expect.stringMatching(/The restore drill failed: /)]);
  expect(await agent.json('status')).toMatchObject({ status: 'At risk', reason: expect.stringMatching(/^The restore drill failed just now: /) });
  await until('the hub knows', async () => (await hub.json<{ status: string }[]>('agents', 'list'))[0]?.status === 'At risk');
  expect(readdirSync(path.join(agent.data, 'cache', 'drills'))).toEqual([]);
  await running.stop();
}, 150_000);
