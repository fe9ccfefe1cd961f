/** Being told: of each problem once and once when it is over, through a real mail server and a real HTTP receiver. */
import { createServer, type IncomingMessage } from 'node:http';
import { readFileSync, statSync } from 'node:fs';
import { createServer as createPlainServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { expect, onTestFinished, test } from 'vitest';
import type { z } from 'zod';
import type { HubClock } from '../../../main/hub/index.js';
import type { channelConfigSchema } from '../../../main/shared/protocol/alerts.js';
import type { RunEventBody } from '../../../main/shared/protocol/messages.js';
import { makeCertificate } from '../../helpers/certificate.js';
import { askHub, codeOf, logIn } from '../../helpers/hub-client.js';
import { tempFolder } from '../../helpers/temp.js';
import { draft, someResult, testAgent, testHub, until, type TestAgent } from './office.js';
import { postgresServer } from './postgres.js';

const hour = 3_600_000;
const tick = 30_000;

/** A clock whose hands the test moves. Waits below half a minute, such as those of heartbeats, pass by themselves. */
function handClock(): HubClock & { pass(ms: number): void } {
  // Behind the agents' own clock, which stays right: what they report is always news.
  let now = Date.now() - 20 * 24 * hour;
  const waiting = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => now,
    after: (ms, callback) => {
      if (ms < tick) {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      }
      const entry = { at: now + ms, callback };
      waiting.add(entry);
      return () => { waiting.delete(entry); };
    },
    /** In the steps in which the hub looks. */
    pass: (ms) => {
      for (const end = now + ms; now < end;) {
        now = Math.min(end, now + tick);
        for (const entry of [...waiting].filter(({ at }) => at <= now)) if (waiting.delete(entry)) entry.callback();
      }
    },
  };
}

type ChannelInput = z.input<typeof channelConfigSchema>;
type EmailInput = Extract<ChannelInput, { kind: 'email' }>;

interface Post { readonly path: string; readonly token: string | undefined; readonly body: Record<string, unknown> }

/** Takes what is posted; `answer` says with which status. */
async function receiver(answer: () => number = () => 200): Promise<{ url: string; posts: Post[] }> {
  const posts: Post[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => { text += piece.toString('utf8'); });
    request.on('end', () => {
      const status = answer();
      if (status === 200) posts.push({ path: request.url ?? '', token: request.headers.authorization, body: JSON.parse(text) as Record<string, unknown> });
      response.writeHead(status).end('{}');
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  onTestFinished(() => new Promise<void>((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posts };
}

const titles = (posts: readonly Post[]): unknown[] => posts.map(({ body }) => body['title']);

async function finish(agent: TestAgent, jobId: string, runId: string, state: 'succeeded' | 'failed'): Promise<void> {
  const event = (body: RunEventBody): Promise<void> => agent.journal.record(runId, jobId, body);
  await event({ type: 'queued', jobName: 'Documents', trigger: 'schedule' });
  await event({ type: 'started' });
  await event(state === 'failed'
    ? { type: 'finished', state, result: null, error: { code: 'destination-missing', message: 'The disk "Backup" is not attached. Attach it.', retryable: true } }
    : { type: 'finished', state, result: someResult(), error: null });
}

test('silence past the schedule is told once, survives a restart, and its end is told once', async () => {
  const clock = handClock();
  const there = await receiver();
  const dataFolder = tempFolder();
  const first = await testHub({ clock, dataFolder });
  const made = await first.admin.addAgent({ name: 'laptop' });
  const job = await first.admin.createJob({ agentId: made.id, draft: draft({ schedule: { type: 'every', minutes: 60 } }) });
  await first.admin.createAlertChannel({ name: 'office', config: { kind: 'webhook', url: `${there.url}/in` } });
  clock.pass(24 * hour);
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  expect(there.posts, 'not before the schedule and a day have passed').toEqual([]);
  clock.pass(2 * hour);
  await until(() => there.posts.length > 0);
  expect(there.posts[0]?.body).toMatchObject({
    hub: { name: 'Test hub' }, title: '"Documents" on laptop is overdue',
    alerts: [{ kind: 'job-overdue', state: 'open', agentId: made.id, jobId: job.id, text: 'There is no backup yet. The computer was never connected.' }],
  });
  clock.pass(2 * hour);
  await first.close();

  const hub = await testHub({ clock, dataFolder });
  clock.pass(2 * hour);
  expect(await hub.admin.listAlerts({ state: 'open' })).toMatchObject([{ kind: 'job-overdue', overAt: null }]);
  expect(there.posts).toHaveLength(1);
  const agent = testAgent(hub, made);
  agent.start();
  await agent.connected();
  await until(() => agent.jobs.jobs.length === 1);
  await finish(agent, job.id, 'run-1', 'succeeded');
  await until(async () => (await hub.admin.listJobs({}))[0]?.status === 'Protected');
  clock.pass(tick);
  await until(() => there.posts.length === 2);
  clock.pass(hour / 2);
  await until(async () => (await hub.admin.listAlertChannels({}))[0]?.waiting === 0);
  expect(titles(there.posts)).toEqual(['"Documents" on laptop is overdue', 'Over: "Documents" on laptop is overdue']);
  expect(await hub.admin.listAlerts({ state: 'open' })).toEqual([]);
  expect(await hub.admin.listAlerts({})).toHaveLength(1);
});

test('a failed job is one problem until a run succeeds; runs under way and interrupted ones change nothing', async () => {
  const clock = handClock();
  const there = await receiver();
  const hub = await testHub({ clock });
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const job = await hub.admin.createJob({ agentId: made.id, draft: draft() });
  await hub.admin.createAlertChannel({ name: 'office', config: { kind: 'webhook', url: there.url } });
  const agent = testAgent(hub, made);
  agent.start();
  await agent.connected();
  await until(() => agent.jobs.jobs.length === 1);
  for (const [n, state] of (['failed', 'failed', 'failed'] as const).entries()) {
    await finish(agent, job.id, `run-${n}`, state);
    await until(async () => (await hub.admin.listRuns({})).filter((run) => run.state === 'failed').length === n + 1);
    clock.pass(tick);
    await until(() => there.posts.length === 1);
    clock.pass(tick);
  }
  await finish(agent, job.id, 'run-9', 'succeeded');
  await until(async () => (await hub.admin.listRuns({})).some((run) => run.state === 'succeeded'));
  clock.pass(tick);
  await until(() => there.posts.length === 2);
  expect(there.posts.map(({ body }) => body['text'])).toEqual(['The disk "Backup" is not attached. Attach it.', 'This problem is over.']);
});

test('after the hub was away, computers have the time to come back before silence counts', async () => {
  const clock = handClock();
  const there = await receiver();
  const dataFolder = tempFolder();
  const first = await testHub({ clock, dataFolder });
  const made = await first.admin.addAgent({ name: 'laptop' });
  await first.admin.createJob({ agentId: made.id, draft: draft() });
  await first.admin.createAlertChannel({ name: 'office', config: { kind: 'webhook', url: there.url } });
  await first.close();
  clock.pass(10 * 24 * hour);
  const hub = await testHub({ clock, dataFolder });
  clock.pass(10 * 60_000);
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  expect(await hub.admin.listAlerts({})).toEqual([]);
  clock.pass(6 * 60_000);
  await until(() => there.posts.length === 1);
  expect(there.posts[0]?.body).toMatchObject({ title: 'Test hub: 2 problems' });
  expect(((there.posts[0]?.body['alerts'] ?? []) as { kind: string }[]).map(({ kind }) => kind).sort()).toEqual(['agent-gone', 'job-overdue']);
});

test('a dead channel and a slow one hold up nobody, and get the message when they are back', async () => {
  const clock = handClock();
  let up = false;
  const there = await receiver();
  const sick = await receiver(() => (up ? 200 : 503));
  const silent = createPlainServer((socket) => { onTestFinished(() => { socket.destroy(); }); });
  await new Promise<void>((resolve) => { silent.listen(0, '127.0.0.1', resolve); });
  onTestFinished(() => { silent.close(); });
  const hub = await testHub({ clock });
  const made = await hub.admin.addAgent({ name: 'laptop' });
  await hub.admin.createJob({ agentId: made.id, draft: draft() });
  await hub.admin.createAlertChannel({ name: 'silent', config: { kind: 'webhook', url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/` } });
  await hub.admin.createAlertChannel({ name: 'sick', config: { kind: 'webhook', url: `${sick.url}/hooks/very-secret-path` } });
  await hub.admin.createAlertChannel({ name: 'well', config: { kind: 'webhook', url: there.url } });
  clock.pass(26 * hour);
  await until(() => there.posts.length === 1);
  const channel = async (name: string): Promise<unknown> => (await hub.admin.listAlertChannels({})).find((one) => one.name === name);
  await until(async () => ((await channel('sick')) as { lastError: string | null }).lastError !== null);
  expect(await channel('sick')).toMatchObject({ waiting: 1, lastError: expect.stringContaining('HTTP 503') as string });
  up = true;
  clock.pass(2 * hour);
  await until(() => sick.posts.length === 1);
  await until(async () => ((await channel('sick')) as { waiting: number }).waiting === 0);
  expect(there.posts).toHaveLength(1);
  const told = JSON.stringify(await hub.admin.listAlertChannels({})) + hub.lines.join('\n');
  expect(told).not.toContain('very-secret-path');
});

test.each([['tls', true], ['starttls', true], ['starttls', false]] as const)('mail by %s arrives whole, or not at all where the server offers no encryption (%s)', async (security, offersTls) => {
  const folder = tempFolder();
  const { certificate, key } = await makeCertificate(folder, '127.0.0.1');
  const pem = readFileSync(certificate, 'utf8');
  const mails: string[] = [];
  let logins = 0;
  const server = new SMTPServer({
    secure: security === 'tls', cert: pem, key: readFileSync(key, 'utf8'), hideSTARTTLS: !offersTls, disabledCommands: offersTls ? [] : ['STARTTLS'],
    allowInsecureAuth: false, authMethods: ['PLAIN', 'LOGIN'],
    onAuth: ({ username, password }, _session, done) => {
      logins += 1;
      if (username === 'hub' && password === 'a mail password') done(null, { user: username });
      else done(new Error('535 wrong'));
    },
    onData: (stream, _session, done) => {
      let text = '';
      stream.on('data', (piece: Buffer) => { text += piece.toString('utf8'); });
      stream.on('end', () => { mails.push(text); done(); });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  onTestFinished(() => new Promise<void>((resolve) => { server.close(() => resolve()); }));
  const port = (server.server.address() as AddressInfo).port;
  const hub = await testHub();
  const config: EmailInput = { kind: 'email', host: '127.0.0.1', port, security, user: 'hub', password: 'a mail password', from: 'hub@office.example', to: ['ann@office.example'] };
  const { id } = await hub.admin.createAlertChannel({ name: 'Büro', config: { ...config, certificate: pem } });
  if (offersTls) {
    await hub.admin.testAlertChannel({ id });
    expect(mails).toHaveLength(1);
    expect(mails[0]).toContain('To: ann@office.example');
    expect(mails[0]).toContain('Nothing is wrong.');
    const untrusting = await hub.admin.createAlertChannel({ name: 'no certificate', config });
    await expect(hub.admin.testAlertChannel(untrusting)).rejects.toMatchObject({ code: 'offline', message: expect.stringContaining('self-signed') as string });
    const wrong = await hub.admin.createAlertChannel({ name: 'wrong password', config: { ...config, password: 'another mail password', certificate: pem } });
    await expect(hub.admin.testAlertChannel(wrong)).rejects.toThrow(/did not take the message/);
  } else {
    await expect(hub.admin.testAlertChannel({ id })).rejects.toThrow(/did not take the message/);
    expect([logins, mails]).toEqual([0, []]);
  }
  expect(hub.lines.join('\n') + JSON.stringify(await hub.admin.listAlertChannels({})) + JSON.stringify(await hub.admin.listAudit({}))).not.toContain('mail password');
  expect(statSync(path.join(hub.dataFolder, 'hub.sqlite')).mode & 0o077).toBe(0);
});

test('ntfy and Slack get what they understand; the desktop is told by an embedded hub from the start', async () => {
  const there = await receiver();
  const notices: { title: string; body: string }[] = [];
  const hub = await testHub({ notify: (notice) => { notices.push(notice); } });
  const ntfy = await hub.admin.createAlertChannel({ name: 'phone', config: { kind: 'webhook', shape: 'ntfy', url: `${there.url}/backups`, token: 'tk_secret' } });
  const slack = await hub.admin.createAlertChannel({ name: 'a <b> & c', config: { kind: 'webhook', shape: 'slack', url: `${there.url}/services/T0/B0` } });
  for (const channel of [ntfy, slack]) await hub.admin.testAlertChannel(channel);
  expect(there.posts).toEqual([
    { path: '/', token: 'Bearer tk_secret', body: { topic: 'backups', title: 'Test of "phone"', message: 'You will be told of problems this way. Nothing is wrong.', priority: 4, tags: ['warning'] } },
    { path: '/services/T0/B0', token: undefined, body: { text: '*Test of "a &lt;b&gt; &amp; c"*\nYou will be told of problems this way. Nothing is wrong.' } },
  ]);
  const desktop = (await hub.admin.listAlertChannels({})).find(({ kind }) => kind === 'desktop');
  await hub.admin.testAlertChannel({ id: desktop?.id ?? '' });
  expect(notices).toMatchObject([{ title: 'Test of "This computer"' }]);
  await expect((await testHub()).admin.createAlertChannel({ name: 'x', config: { kind: 'desktop' } })).rejects.toThrow('This hub has no desktop');
  const refused: ChannelInput[] = [
    { kind: 'webhook', url: 'http://office.example/', token: 'x' },
    { kind: 'webhook', shape: 'ntfy', url: 'https://ntfy.example/' },
    { kind: 'email', host: 'mail.example', port: 25, security: 'none', user: 'u', password: 'p', from: 'a@b', to: ['a@b'] },
  ];
  for (const config of refused) {
    await expect(hub.admin.createAlertChannel({ name: 'x', config })).rejects.toMatchObject({ code: 'usage' });
  }
});

test('of two hubs on one PostgreSQL one tells, and the other takes over when it is gone', async () => {
  const { url: database } = await postgresServer();
  const there = await receiver();
  const clocks = [handClock(), handClock()];
  const secretKeyFile = path.join(tempFolder(), 'secret.key'); // of both
  const [one, two] = [await testHub({ database, secretKeyFile, ...(clocks[0] === undefined ? {} : { clock: clocks[0] }) }), await testHub({ database, secretKeyFile, ...(clocks[1] === undefined ? {} : { clock: clocks[1] }) })];
  const made = await one.admin.addAgent({ name: 'laptop' });
  const job = await one.admin.createJob({ agentId: made.id, draft: draft() });
  await one.admin.createAlertChannel({ name: 'office', config: { kind: 'webhook', url: there.url } });
  const pass = (ms: number): void => { for (const clock of clocks) clock.pass(ms); };
  pass(26 * hour);
  await until(() => there.posts.length > 0);
  pass(hour);
  await until(async () => (await two.admin.listAlertChannels({}))[0]?.waiting === 0);
  expect(titles(there.posts)).toEqual(['"Documents" on laptop is overdue']);
  await one.close();
  await two.admin.pauseJob({ id: job.id });
  await until(() => {
    clocks[1]?.pass(tick);
    return there.posts.length > 1;
  });
  expect(titles(there.posts)).toEqual(['"Documents" on laptop is overdue', 'Over: "Documents" on laptop is overdue']);
});

test('a viewer sees alerts but no secrets, and every change is on record', async () => {
  const hub = await testHub();
  const admin = await logIn(hub.url, codeOf(await hub.admin.createLoginLink({})));
  const made = await admin.ask('/api/v1/alert-channels', { method: 'POST', body: { name: 'phone', config: { kind: 'webhook', shape: 'ntfy', url: 'https://ntfy.example/very-secret-topic', token: 'tk_1' } } });
  expect(made.status).toBe(200);
  expect((await admin.ask('/api/v1/alert-settings', { method: 'PATCH', body: { goneAfterDays: 3 } })).status).toBe(200);
  const token = (await admin.ask('/api/v1/api-tokens', { method: 'POST', body: { name: 'monitor', role: 'viewer' } })).json as { token: string };
  const headers = { authorization: `Bearer ${token.token}` };
  const seen = await askHub(hub.url, '/api/v1/alert-channels', { headers });
  expect(seen.json).toMatchObject([{ name: 'phone', target: 'https://ntfy.example (ntfy)' }]);
  expect(seen.text).not.toMatch(/secret|tk_1/);
  expect((await askHub(hub.url, '/api/v1/alert-settings', { headers })).json).toEqual({ overdueAfterHours: 24, goneAfterDays: 3, storageFullPercent: 90 });
  expect((await hub.admin.listAudit({})).slice(0, 3).map(({ action, subject }) => `${action} ${subject}`)).toEqual(['createApiToken monitor', 'updateAlertSettings ', 'createAlertChannel phone']);
});
