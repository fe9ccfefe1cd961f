import { request } from 'node:https';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import { expect, test } from 'vitest';
import { enrolAtHub } from '../../../main/agent/tunnel/index.js';
import { connectHubAdmin, startHub, type RunningHub } from '../../../main/hub/index.js';
import { parseLink } from '../../../main/shared/protocol/link.js';
import { subprotocol } from '../../../main/shared/protocol/messages.js';
import { tempFolder } from '../../helpers/temp.js';
import { draft, testAgent, testHub, until } from './office.js';

const computer = { name: 'laptop', host: 'h', os: 'linux', arch: 'x64', version: '1' };
const wrongSecret = 'x'.repeat(40);

/** A bare WebSocket that says what the test says. */
function bare(hub: RunningHub, token: string, protocol = subprotocol): { socket: WebSocket; closed: Promise<{ code: number; reason: string }>; status: Promise<number> } {
  const socket = new WebSocket(`${hub.url.replace('https', 'wss')}/tunnel`, protocol, { rejectUnauthorized: false, headers: { authorization: `Bearer ${token}` } });
  socket.on('error', () => undefined);
  const status = new Promise<number>((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('open', () => resolve(101));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => { socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })); });
  return { socket, closed, status };
}

const hello = (change: Record<string, unknown> = {}): string => JSON.stringify({
  kind: 'hello', version: '1', host: 'h', os: 'linux', arch: 'x64', capabilities: [], clock: new Date().toISOString(), jobsRevision: 0, journalId: 'j1', ...change,
});

test('unknown and removed tokens are refused for good, and the agent stops trying', async () => {
  const hub = await testHub();
  const stranger = testAgent(hub, { id: '7', token: `7|${wrongSecret}` });
  stranger.start();
  await until(() => stranger.tunnel.connection.state === 'stopped');
  expect(stranger.tunnel.connection).toMatchObject({ nextAttemptAt: null, lastError: { code: 'token-unknown', retryable: false } });

  const made = await hub.admin.addAgent({ name: 'laptop' });
  const job = await hub.admin.createJob({ agentId: made.id, draft: draft() });
  const agent = testAgent(hub, made);
  agent.start();
  await agent.connected();
  expect(await hub.admin.deleteAgent({ id: made.id })).toEqual({ deletedJobs: [{ id: job.id, name: 'Documents' }] });
  await until(() => agent.tunnel.connection.state === 'stopped');
  expect(agent.tunnel.connection.lastError).toMatchObject({ code: 'token-revoked' });
  expect(await hub.admin.listAgents({})).toEqual([]);
  const again = bare(hub, made.token);
  expect((await again.closed).code).toBe(4403);
  expect(hub.lines.join('\n')).not.toContain(made.token.slice(2));
});

test('messages that are not understood close the connection with 4400 and change nothing', async () => {
  const hub = await testHub();
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const job = await hub.admin.createJob({ agentId: made.id, draft: draft() });
  const event = (seq: number): string => JSON.stringify({ kind: 'run.event', seq, at: new Date().toISOString(), runId: 'r1', jobId: job.id, event: { type: 'started' } });
  const attempts: [string, (string | Buffer)[]][] = [
    ['no JSON', ['{']],
    ['unknown kind', ['{"kind":"party"}']],
    ['no hello first', [event(1)]],
    ['two hellos', [hello(), hello()]],
    ['a wrong type', [hello({ jobsRevision: 'one' })]],
    ['a binary frame', [Buffer.from(hello())]],
    ['a number from the future', [hello(), event(2)]],
    ['a negative number', [hello(), event(-1)]],
    ['a hub\'s message', [hello(), '{"kind":"ack","seq":1}']],
    ['a path as id', [hello({ journalId: '../../etc' })]],
  ];
  for (const [what, frames] of attempts) {
    const { socket, closed, status } = bare(hub, made.token);
    await status;
    for (const frame of frames) socket.send(frame);
    expect((await closed).code, what).toBe(4400);
  }
  expect(await hub.admin.listRuns({})).toEqual([]);
  const { socket, closed, status } = bare(hub, made.token);
  await status;
  socket.send(`{"kind":"hello","padding":"${'x'.repeat(5 * 1024 * 1024)}"}`);
  expect((await closed).code).toBe(1009);
  // A good agent is served as before.
  const agent = testAgent(hub, made);
  agent.start();
  await agent.connected();
});

test('a number that came before is acknowledged again and changes nothing', async () => {
  const hub = await testHub();
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const job = await hub.admin.createJob({ agentId: made.id, draft: draft() });
  const { socket, status } = bare(hub, made.token);
  await status;
  const got: unknown[] = [];
  socket.on('message', (data: Buffer) => got.push(JSON.parse(data.toString())));
  const event = (seq: number, message: string): string => JSON.stringify({ kind: 'run.event', seq, at: new Date().toISOString(), runId: 'r1', jobId: job.id, event: { type: 'log', level: 'info', message } });
  socket.send(hello());
  socket.send(event(1, 'one'));
  await until(() => got.some((message) => JSON.stringify(message) === '{"kind":"ack","seq":1}'));
  socket.send(event(1, 'changed'));
  socket.send(event(2, 'two'));
  await until(() => got.some((message) => JSON.stringify(message) === '{"kind":"ack","seq":2}'));
  expect((await hub.admin.getRun({ id: 'r1' })).log.map((line) => line.message)).toEqual(['one', 'two']);
  socket.terminate();
});

test('an agent cannot speak for the runs and jobs of another', async () => {
  const hub = await testHub();
  const [mine, theirs] = [await hub.admin.addAgent({ name: 'mine' }), await hub.admin.addAgent({ name: 'theirs' })];
  const job = await hub.admin.createJob({ agentId: theirs.id, draft: draft() });
  const run = await hub.admin.runJob({ id: job.id });
  const agent = testAgent(hub, mine);
  agent.start();
  await agent.connected();
  await agent.journal.record(run.id, job.id, { type: 'finished', state: 'failed', result: null, error: null });
  await agent.journal.record('new', job.id, { type: 'queued', jobName: 'x', trigger: 'manual' });
  await until(async () => (await agent.journal.take(0, 10)).length === 0);
  expect((await hub.admin.listRuns({})).map(({ id, state, awaitingAgent }) => ({ id, state, awaitingAgent }))).toEqual([{ id: run.id, state: 'queued', awaitingAgent: true }]);
});

test('an agent of another protocol is told to upgrade', async () => {
  const hub = await testHub();
  const made = await hub.admin.addAgent({ name: 'laptop' });
  expect((await bare(hub, made.token, 'holdfast.v0').closed).code).toBe(4426);
});

test('wrong tokens are limited per address, right ones pass meanwhile, and no token reaches the log', async () => {
  const hub = await testHub();
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const statuses: number[] = [];
  for (let i = 0; i < 40; i += 1) {
    const attempt = bare(hub, `${i + 1}|${wrongSecret}`);
    statuses.push(await attempt.status);
    attempt.socket.terminate();
  }
  expect(statuses.filter((status) => status === 101).length).toBe(20);
  expect(statuses.slice(20).every((status) => status === 429)).toBe(true);
  const agent = testAgent(hub, made);
  agent.start();
  await agent.connected();
  const link = parseLink((await hub.admin.createSetupToken({ name: 'x' })).link);
  await expect(enrolAtHub({ ...link, token: `1|${wrongSecret}` }, computer)).rejects.toMatchObject({ code: 'token-unknown', retryable: true });
  await expect(enrolAtHub(link, computer)).resolves.toMatchObject({ name: 'laptop (2)' });
  expect(hub.lines.join('\n')).not.toContain(wrongSecret);
  expect(hub.lines.join('\n')).not.toContain(link.token.split('|')[1]);
});

test('setup tokens end: revoked, expired, used up', async () => {
  const hub = await testHub();
  const once = await hub.admin.createSetupToken({ name: 'once', maxUses: 1 });
  const link = parseLink(once.link);
  await enrolAtHub(link, computer);
  await expect(enrolAtHub(link, computer)).rejects.toMatchObject({ code: 'token-revoked', message: expect.stringContaining('used as often') as string });
  const revoked = await hub.admin.createSetupToken({ name: 'revoked' });
  await hub.admin.revokeSetupToken({ id: revoked.id });
  await expect(enrolAtHub(parseLink(revoked.link), computer)).rejects.toMatchObject({ code: 'token-revoked' });
  const short = await hub.admin.createSetupToken({ name: 'short', expiresInHours: 1e-9 });
  await expect(enrolAtHub(parseLink(short.link), computer)).rejects.toMatchObject({ message: expect.stringContaining('expired') as string });
  expect((await hub.admin.listSetupTokens({})).map(({ name, uses, usable }) => ({ name, uses, usable }))).toEqual([
    { name: 'short', uses: 0, usable: false }, { name: 'revoked', uses: 0, usable: false }, { name: 'once', uses: 1, usable: false },
  ]);
  expect((await hub.admin.listAgents({})).length).toBe(1);
});

test('a hub with another certificate is not trusted, and sees no token', async () => {
  const [hub, other] = [await testHub(), await testHub()];
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const agent = testAgent({ url: other.url, fingerprint: hub.fingerprint }, made);
  agent.start();
  await until(() => agent.tunnel.connection.state === 'waiting');
  expect(agent.tunnel.connection.lastError?.message).toContain('certificate is another');
  const link = parseLink((await hub.admin.createSetupToken({ name: 'x' })).link);
  await expect(enrolAtHub({ ...link, url: other.url }, computer)).rejects.toMatchObject({ code: 'hub-unreachable' });
  await expect(enrolAtHub({ ...link, fingerprint: null }, computer)).rejects.toMatchObject({ message: expect.stringContaining('not trusted') as string });
  expect(other.lines.filter((line) => line.startsWith('warn'))).toEqual([]);
});

test('a second hub on the same data folder is refused in a sentence, and a client without a hub as well', async () => {
  const hub = await testHub();
  await expect(testHub({ dataFolder: hub.dataFolder })).rejects.toMatchObject({ code: 'already-running' });
  await expect(connectHubAdmin(tempFolder())).rejects.toMatchObject({ code: 'hub-unreachable' });
  await expect(testHub({ listen: { host: '127.0.0.1', port: Number(new URL(hub.url).port) } })).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('another program') as string });
  await expect(testHub({ database: 'mysql://x' })).rejects.toMatchObject({ code: 'usage' });
  // The first is unharmed, and its folder is free once it is closed.
  await expect((await connectHubAdmin(hub.dataFolder)).hub({})).resolves.toMatchObject({ name: 'Test hub', online: 0 });
  await hub.close();
  const next = await startHub({ dataFolder: hub.dataFolder, version: '0', name: 'next', listen: { host: '127.0.0.1', port: 0 }, logger: { log: () => undefined } });
  await next.close();
});

test('the local socket works under a path that is too long for sockets', async () => {
  const dataFolder = `${tempFolder()}/${'long-folder-name-'.repeat(6)}/data`;
  const hub = await testHub({ dataFolder });
  await expect((await connectHubAdmin(dataFolder)).hub({})).resolves.toMatchObject({ url: hub.url });
});

test('HTTP errors are one sentence: unknown path, no JSON, too large', async () => {
  const hub = await testHub();
  const ask = (method: string, path: string, body = ''): Promise<{ status: number; text: string }> => new Promise((resolve, reject) => {
    const call = request(`${hub.url}${path}`, { method, rejectUnauthorized: false, agent: false, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => { text += part.toString(); });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on('error', reject);
    call.end(body);
  });
  expect(await ask('GET', '/healthz')).toEqual({ status: 200, text: '{"status":"ok"}' });
  expect((await ask('GET', '/nowhere')).status).toBe(404);
  expect((await ask('GET', '/api/agents')).status).toBe(404); // the owner's routes are on the local socket only
  const broken = await ask('POST', '/api/enrol', '{');
  expect(broken.status).toBe(400);
  expect(broken.text).not.toMatch(/\bat .*\.ts|node_modules/);
  expect((await ask('POST', '/api/enrol', `{"name":"${'x'.repeat(20_000)}"}`)).status).toBe(400);
});

test('connections that drip bytes do not hold the hub up', async () => {
  const hub = await testHub();
  const port = Number(new URL(hub.url).port);
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const slow = Array.from({ length: 50 }, () => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => { socket.write('GET /tunnel HTTP/1.1\r\nX: '); });
    socket.on('error', () => undefined);
    return new Promise<void>((resolve) => { socket.on('close', () => resolve()); socket.resume(); });
  });
  const agent = testAgent(hub, made);
  agent.start();
  await agent.connected();
  await Promise.all(slow); // the hub ends each of them
}, 60_000);
