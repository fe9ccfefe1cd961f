/** What a hub keeps, how it keeps it, and for how long. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'libsql';
import { expect, test } from 'vitest';
import { askHub } from '../../helpers/hub-client.js';
import { tempFolder } from '../../helpers/temp.js';
import { draft, testHub, until } from './office.js';
import { postgresServer } from './postgres.js';

const day = 86_400_000;

test('secrets of channels lie sealed in the database, also those that an older hub left open, and stay when a channel is edited', async () => {
  const dataFolder = tempFolder();
  const file = path.join(dataFolder, 'hub.sqlite');
  const first = await testHub({ dataFolder });
  const email = { kind: 'email' as const, host: 'mail.example', port: 587, security: 'starttls' as const, user: 'ann', password: 'tea and biscuits', from: 'hub@example.org', to: ['ann@example.org'] };
  const { id } = await first.admin.createAlertChannel({ name: 'Ann', config: email });
  const slack = await first.admin.createAlertChannel({ name: 'Room', config: { kind: 'webhook', shape: 'slack', url: 'https://hooks.example/secret-path' } });
  const stored = (): string => {
    const db = new Sqlite(file, { readonly: true });
    const rows = JSON.stringify(db.prepare('select * from alert_channels').all([]));
    db.close();
    return rows;
  };
  expect(stored()).not.toMatch(/biscuits|secret-path/);
  const seen = await first.admin.listAlertChannels({});
  expect(JSON.stringify(seen)).not.toMatch(/biscuits|secret-path/);
  expect(seen.find((channel) => channel.id === id)?.settings).toMatchObject({ kind: 'email', host: 'mail.example', user: 'ann' });
  expect(statSync(path.join(dataFolder, 'hub-secret.key')).mode & 0o777).toBe(0o600);

  // Edited without the password: it stays for the same server, and goes to no other.
  const { password: _kept, ...edited } = email;
  await first.admin.updateAlertChannel({ id, name: 'Anna', config: { ...edited, to: ['anna@example.org'] } });
  expect((await first.admin.listAlertChannels({})).find((channel) => channel.id === id)).toMatchObject({ name: 'Anna', target: 'anna@example.org through mail.example:587' });
  await expect(first.admin.updateAlertChannel({ id, config: { ...edited, host: 'mail.elsewhere.example' } })).rejects.toMatchObject({ code: 'usage' });
  await first.admin.updateAlertChannel({ id: slack.id, config: { kind: 'webhook', shape: 'slack' } });
  await first.close();

  const db = new Sqlite(file);
  db.prepare('update alert_channels set config = ? where id = ?').run([JSON.stringify(email), id]);
  db.close();
  expect(stored()).toContain('biscuits');
  const second = await testHub({ dataFolder });
  expect(stored()).not.toContain('biscuits');
  expect(await second.admin.listAlertChannels({})).toMatchObject([{ kind: 'email', settings: { user: 'ann' } }, { kind: 'webhook', settings: { shape: 'slack' } }]);
});

test('runs are kept for as long as they are told, and the last of a job for ever', async () => {
  const dataFolder = tempFolder();
  const first = await testHub({ dataFolder });
  const agent = await first.admin.addAgent({ name: 'laptop' });
  const job = await first.admin.createJob({ agentId: agent.id, draft: draft() });
  const other = await first.admin.createJob({ agentId: agent.id, draft: draft({ name: 'Rare' }) });
  await first.close();
  const db = new Sqlite(path.join(dataFolder, 'hub.sqlite'));
  const run = (id: string, jobId: string, daysAgo: number, state = 'succeeded'): void => {
    db.prepare('insert into runs (id, agent_id, job_id, job_name, trigger, state, queued_at) values (?, ?, ?, ?, ?, ?, ?)').run([id, Number(agent.id), jobId, 'x', 'schedule', state, Date.now() - daysAgo * day]);
    db.prepare('insert into run_logs (run_id, at, level, message) values (?, 0, ?, ?)').run([id, 'info', 'line']);
  };
  for (let n = 0; n < 250; n += 1) run(`old${n}`, job.id, 31 + n);
  run('young', job.id, 29);
  run('open', job.id, 500, 'running');
  run('last', other.id, 500);
  db.prepare('update jobs set last_run_id = ? where id = ?').run(['last', other.id]);
  db.close();
  const second = await testHub({ dataFolder, historyDays: 30 });
  const left = async (): Promise<string[]> => (await second.admin.listRuns({ limit: 1000 })).map(({ id }) => id);
  await until(async () => (await left()).length <= 3);
  expect(await left()).toEqual(expect.arrayContaining(['young', 'open', 'last']));
  expect((await second.admin.getRun({ id: 'last' })).log).toHaveLength(1);
});

test('a computer takes no more jobs than can be sent to it, and what was refused is not on record', async () => {
  const hub = await testHub();
  const agent = await hub.admin.addAgent({ name: 'laptop' });
  await expect(hub.admin.createJob({ agentId: agent.id, draft: draft({ sources: [{ type: 'files', paths: ['/home'], excludes: Array.from({ length: 900 }, (_, n) => `${'x'.repeat(90)}${n}`) }] }) }))
    .rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('64 KiB') });
  expect(await hub.admin.listJobs({})).toEqual([]);
  expect((await hub.admin.listAudit({})).map(({ action }) => action)).toEqual(['addAgent']);
});

test('hubs on one PostgreSQL count guesses together, and share the key of their secrets', async () => {
  const { url: database } = await postgresServer();
  const one = await testHub({ database });
  const key = path.join(one.dataFolder, 'hub-secret.key');
  const two = await testHub({ database, secretKeyFile: key });
  await one.admin.createUser({ name: 'Ann', role: 'admin', password: 'correct horse battery' });
  const statuses: number[] = [];
  for (let n = 0; n < 12; n += 1) statuses.push((await askHub((n % 2 === 0 ? one : two).url, '/api/v1/session', { method: 'POST', body: { name: 'Ann', password: `guess number ${n}` } })).status);
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);

  await one.admin.createAlertChannel({ name: 'Ann', config: { kind: 'webhook', shape: 'json', url: 'https://hooks.example/secret-path' } });
  expect((await two.admin.listAlertChannels({}))[0]?.settings).toMatchObject({ kind: 'webhook' });
  // One with a key of its own says so, and shows what may be seen.
  const stranger = await testHub({ database });
  expect(readFileSync(path.join(stranger.dataFolder, 'hub-secret.key'), 'utf8')).not.toBe(readFileSync(key, 'utf8'));
  const [channel] = await stranger.admin.listAlertChannels({});
  expect(channel).toMatchObject({ target: 'https://hooks.example (JSON)', settings: null });
  await expect(stranger.admin.testAlertChannel({ id: channel?.id ?? '' })).rejects.toMatchObject({ code: 'settings-invalid' });
}, 180_000);
