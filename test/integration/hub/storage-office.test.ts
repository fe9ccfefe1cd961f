/** An office on hub storage, by the built commands: a laptop backs up to its hub, is lost, and comes back with the office's recovery key. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runOk } from '../../helpers/processes.js';
import { until } from '../../helpers/until.js';
import { home, lastLine } from '../cli/holdfast.js';

interface Sealed { sealed: { agentName: string; destinationId: string; current: boolean }[] }

test('a laptop backs up to hub storage, is lost and removed, and its files come back with the recovery key; age opens its password', async () => {
  const hub = home();
  await hub.start('hub', '--listen', '127.0.0.1:0').line(/^listening on /);
  await hub.json('hub-storage', 'set', '--on', '--quota', '1G', '--reserve', '0');
  const key = path.join(hub.folder, 'key.txt');
  const { recipient } = await hub.json<{ recipient: string }>('escrow', 'create', '--output', key);
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(await runOk('age-keygen', ['-y', key])).toBe(`${recipient}\n`);
  expect(await hub.holdfast('escrow', 'create', '--output', key)).toMatchObject({ code: 2 });

  const laptop = home();
  const files = path.join(laptop.folder, 'files');
  mkdirSync(files);
  writeFileSync(path.join(files, 'book'), 'all the figures of this year');
  const { link } = await hub.json<{ link: string }>('setup-token', 'create', 'laptops');
  expect(link).toContain(`recovery=${recipient}`);
  const joined = await laptop.holdfast('join', link, '--allow', files);
  expect(joined.stdout).toContain('The office can recover the backups of this computer');
  const agent = laptop.start('agent');
  await agent.line(/^connected to /);
  const { id } = await hub.json('job', 'add', 'Books', files, '--repo', 'hub:storage', '--keep-daily', '7');
  expect(await hub.json('job', 'run', String(id), '--wait')).toMatchObject({ state: 'succeeded', error: null });
  expect(await hub.json('job', 'run', String(id), '--wait')).toMatchObject({ state: 'succeeded' });
  const state = JSON.parse(readFileSync(path.join(laptop.data, 'secrets.json'), 'utf8')) as object;
  expect(JSON.stringify(state)).toContain('hub-storage');
  expect(readFileSync(path.join(laptop.data, 'jobs.json'), 'utf8')).toMatch(/"url": ?"hub:storage"/);
  expect((await hub.json<{ agents: object[] }>('hub-storage', 'list')).agents).toMatchObject([{ hasRepository: true, quota: 2 ** 30, agentKeyAt: expect.any(String) }]);
  const [entry] = await until('the password is sealed', async () => {
    const { sealed } = await hub.json<Sealed>('escrow', 'status');
    return sealed.length > 0 && sealed;
  });
  expect(entry).toMatchObject({ destinationId: 'hub-storage', current: true });
  await agent.stop();

  // The laptop is lost; its computer is removed from the hub.
  await hub.json('agents', 'delete', entry?.agentName ?? '');
  const name = entry?.agentName ?? '';
  const target = path.join(hub.folder, 'back');
  const wrong = path.join(hub.folder, 'wrong.txt');
  await runOk('age-keygen', ['-o', wrong]);
  expect(await hub.holdfast('recover', name, '--target', target, '--identity', wrong)).toMatchObject({ code: 12, stderr: expect.stringContaining('does not open the password') });
  const last = async (...args: string[]): Promise<unknown> => lastLine((await hub.holdfast(...args, '--json')).stdout);
  expect(await last('recover', name, '--target', target, '--identity', key)).toMatchObject({ error_count: 0 });
  expect(readFileSync(path.join(target, files, 'book'), 'utf8')).toBe('all the figures of this year');

  // The owner, and nobody else, makes room.
  expect(await hub.json<object[]>('hub-storage', 'snapshots', name, '--identity', key)).toHaveLength(2);
  expect(await last('hub-storage', 'forget', name, '--keep-last', '1', '--prune', '--identity', key)).toMatchObject({ removed: [expect.anything()] });

  // A standard age opens what the hub holds; restic opens the folder with it.
  const { password } = await hub.json<{ password: string }>('escrow', 'open', name, '--identity', key);
  const { folder } = await hub.json<{ folder: string }>('hub-storage', 'list');
  expect(await runOk('restic', ['-r', path.join(folder, '1'), '--no-cache', 'check', '--read-data'], { env: { RESTIC_PASSWORD: password } })).toContain('no errors were found');
  const sealed = path.join(hub.folder, 'sealed.age');
  await hub.holdfast('escrow', 'export', name, '--output', sealed);
  expect(await runOk('age', ['--decrypt', '-i', key, sealed])).toBe(password);
}, 240_000);
