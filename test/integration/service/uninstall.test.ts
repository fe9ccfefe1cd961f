/** `holdfast uninstall` and the bundle of `holdfast doctor`, on real folders. Runs what the build made. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run, runOk, start, type Finished } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

const command = path.resolve(import.meta.dirname, '../../../out/main/cli/holdfast.js');

/** A computer that joined a hub and has one job, whose agent does not run. */
async function computer(): Promise<{ agents: () => Promise<unknown>; data: string; token: string; holdfast: (...args: string[]) => Promise<Finished> }> {
  const hub = { HOLDFAST_DATA: tempFolder(), HOLDFAST_SECRETS: 'file' };
  await start(process.execPath, [command, 'hub', '--listen', '127.0.0.1:0'], { env: hub }).line(/^listening on /);
  const { link } = JSON.parse(await runOk(process.execPath, [command, 'setup-token', 'create', 'test', '--json'], { env: hub })) as { link: string };
  const data = tempFolder();
  const env = { HOLDFAST_DATA: data, HOLDFAST_SECRETS: 'file' };
  await runOk(process.execPath, [command, 'join', link], { env });
  const { secrets } = JSON.parse(readFileSync(path.join(data, 'secrets.json'), 'utf8')) as { secrets: Record<string, string> };
  const job = {
    id: 'job000000001', agentId: 'agent0000001', createdAt: '2026-05-04T12:00:00.000Z', name: 'Documents',
    sources: [{ type: 'files', paths: ['/srv'] }], destination: { id: 'dest00000001', name: 'Disk', url: path.join(data, 'repository') }, schedule: { type: 'manual' },
  };
  writeFileSync(path.join(data, 'jobs.json'), JSON.stringify({ revision: 1, jobs: [job] }));
  for (const name of ['config', 'data', 'keys', 'snapshots']) mkdirSync(path.join(data, 'repository', name), { recursive: true });
  const agents = async (): Promise<unknown> => JSON.parse(await runOk(process.execPath, [command, 'agents', 'list', '--json'], { env: hub }));
  return { agents, data, token: secrets['agent-token'] ?? '', holdfast: (...args) => run(process.execPath, [command, ...args], { env }) };
}

test('uninstall says what is there, asks for the recovery kit, and leaves nothing but the repository', async () => {
  const { agents, data, holdfast } = await computer();
  expect(await agents()).toHaveLength(1);
  const dry = await holdfast('uninstall');
  expect(dry.stdout).toContain(`This computer still has 1 job, which will not run any more:\n  "Documents", into ${data}/repository\nA repository is in ${data}/repository; it stays.\n`);
  expect(existsSync(path.join(data, 'secrets.json'))).toBe(true);

  const kit = await holdfast('uninstall', '--purge', '--yes');
  expect(kit).toMatchObject({ code: 2, stderr: `holdfast: Only this computer knows the password of ${data}/repository. Save it first with "holdfast recovery-kit --output FILE", or add --forget-passwords to lose those backups.\n` });

  const done = await holdfast('uninstall', '--purge', '--yes', '--forget-passwords');
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/The hub https:\/\/\S+ knows: it removed this computer \(\d+\) and its 0 jobs\./);
  expect(await agents()).toEqual([]);
  expect(readdirSync(data)).toEqual(['repository']);
  expect(readdirSync(path.join(data, 'repository')).sort()).toEqual(['config', 'data', 'keys', 'snapshots']);
});

test('uninstall leaves a computer on the hub where that is wanted, and is not stopped by a hub that is gone', async () => {
  const kept = await computer();
  expect((await kept.holdfast('uninstall', '--purge', '--yes', '--forget-passwords', '--keep-on-hub')).code).toBe(0);
  expect(await kept.agents()).toHaveLength(1);

  const alone = await computer();
  const settings = path.join(alone.data, 'settings.json');
  writeFileSync(settings, readFileSync(settings, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'));
  const done = await alone.holdfast('uninstall', '--purge', '--yes', '--forget-passwords');
  expect(done.code).toBe(0);
  expect(done.stderr).toContain('The hub was not told; there, "holdfast agents delete" removes this computer.');
  expect(readdirSync(alone.data)).toEqual(['repository']);
});

test('the bundle for support holds logs and settings and no token', async () => {
  const { data, holdfast, token } = await computer();
  mkdirSync(path.join(data, 'logs'), { recursive: true });
  writeFileSync(path.join(data, 'logs', 'holdfast.log'), `{"msg":"somebody logged ${token}"}\n`);
  const file = path.join(data, 'bundle.txt');
  await holdfast('doctor', '--bundle', file);
  const text = readFileSync(file, 'utf8');
  for (const title of ['Holdfast', 'Findings', 'Settings', 'Jobs', 'Service', 'Log holdfast.log']) expect(text).toContain(`== ${title} ==`);
  expect(text).toContain('somebody logged');
  expect(token).not.toBe('');
  expect(text).not.toContain(token);
  expect(text).not.toContain(token.split('|')[1]);
});
