/** The API from outside: who gets in, who may change what, what is on record, and that the description tells the truth. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { apiRoutes, type ApiRoute } from '../../../main/shared/protocol/api.js';
import { askHub, codeOf, logIn } from '../../helpers/hub-client.js';
import { draft, testAgent, testHub, until } from './office.js';
import { postgresServer } from './postgres.js';

const password = 'correct horse battery';
type Spec = { paths: Record<string, Record<string, { operationId: string; responses: { 200: { content: { 'application/json': { schema: Parameters<typeof z.fromJSONSchema>[0] } } } } }>> };

test('a login link works once and makes the first admin; without a session nothing is told', async () => {
  const hub = await testHub();
  for (const where of ['/api/v1/agents', '/api/v1/session', '/api/v1/users', '/api/v1/audit']) expect((await askHub(hub.url, where)).status, where).toBe(401);
  expect((await askHub(hub.url, '/api/agents')).status).toBe(404);
  const link = await hub.admin.createLoginLink({});
  expect(link).toMatchObject({ user: 'admin' });
  const browser = await logIn(hub.url, codeOf(link));
  await expect(logIn(hub.url, codeOf(link))).rejects.toThrow('used already or has expired');
  expect((await browser.ask('/api/v1/session')).json).toMatchObject({ role: 'admin', user: { name: 'admin', hasPassword: false } });

  const set = String((await askHub(hub.url, '/api/v1/session', { method: 'POST', body: codeOf(await hub.admin.createLoginLink({ user: 'admin' })) })).headers['set-cookie']);
  expect(set).toMatch(/^__Host-holdfast=[A-Za-z0-9]{40}; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Strict$/);
  expect((await browser.ask('/api/v1/login-links', { method: 'POST', body: {} })).status).toBe(404);

  expect((await browser.ask('/api/v1/session/password', { method: 'POST', body: { password } })).status).toBe(200);
  const again = await logIn(hub.url, { name: 'admin', password });
  expect((await again.ask('/api/v1/session', { method: 'DELETE' })).status).toBe(200);
  expect((await again.ask('/api/v1/agents')).status).toBe(401);
  const files = readFileSync(path.join(hub.dataFolder, 'hub.sqlite'), 'latin1') + readFileSync(path.join(hub.dataFolder, 'hub.sqlite-wal'), 'latin1');
  for (const secret of [password, browser.cookie.split('=')[1] ?? '', codeOf(link).code]) {
    expect(files).not.toContain(secret);
    expect(hub.lines.join('\n')).not.toContain(secret);
  }
});

test('a change needs the proof that the page itself asks, and an admin', async () => {
  const hub = await testHub();
  const admin = await logIn(hub.url, codeOf(await hub.admin.createLoginLink({})));
  const body = { name: 'laptop' };
  for (const headers of [{ 'x-holdfast-csrf': '' }, { 'x-holdfast-csrf': 'f'.repeat(64) }]) {
    expect((await admin.ask('/api/v1/agents', { method: 'POST', body, headers })).status).toBe(403);
  }
  expect((await askHub(hub.url, '/api/v1/session', { method: 'DELETE', headers: { cookie: admin.cookie } })).status).toBe(403);
  expect(await hub.admin.listAgents({})).toEqual([]);

  await hub.admin.createUser({ name: 'Vera', role: 'viewer', password });
  const viewer = await logIn(hub.url, { name: 'Vera', password });
  const made = z.object({ token: z.string() }).parse((await admin.ask('/api/v1/api-tokens', { method: 'POST', body: { name: 'monitor', role: 'viewer' } })).json);
  const program = { authorization: `Bearer ${made.token}` };
  expect((await askHub(hub.url, '/api/v1/agents', { headers: program })).status).toBe(200);
  // Every route that changes something, so that none is forgotten.
  for (const name of Object.keys(apiRoutes) as ApiRoute[]) {
    const { http, path: route } = apiRoutes[name];
    if (http === 'GET' || route.startsWith('/api/session')) continue;
    const url = route.replace('/api/', '/api/v1/').replace(':id', '1');
    expect((await viewer.ask(url, { method: http, body: {} })).status, `${name} by a viewer`).toBe(403);
    expect((await askHub(hub.url, url, { method: http, body: {}, headers: program })).status, `${name} by a viewer's token`).toBe(403);
    expect((await askHub(hub.url, url, { method: http, body: {} })).status, `${name} by nobody`).toBe(401);
  }
  const { id } = z.array(z.object({ id: z.string() })).parse((await admin.ask('/api/v1/api-tokens')).json)[0] ?? { id: '' };
  expect((await admin.ask(`/api/v1/api-tokens/${id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await askHub(hub.url, '/api/v1/agents', { headers: program })).status).toBe(401);

  const users = await hub.admin.listUsers({});
  const [first, vera] = [users.find((user) => user.role === 'admin'), users.find((user) => user.name === 'Vera')];
  expect((await admin.ask(`/api/v1/users/${first?.id}`, { method: 'DELETE' })).json).toMatchObject({ message: 'This is the only admin. Make somebody else an admin first.' });
  expect((await admin.ask(`/api/v1/users/${vera?.id}`, { method: 'PATCH', body: { role: 'admin' } })).status).toBe(200);
  expect((await viewer.ask('/api/v1/agents')).status, 'a changed role ends the sessions').toBe(401);
});

test('guessing is stopped, also for the right password, and a login link still works', async () => {
  let now = Date.now();
  const hub = await testHub({ clock: { now: () => now, after: (ms, callback) => { const timer = setTimeout(callback, ms); return () => clearTimeout(timer); } } });
  await hub.admin.createUser({ name: 'Ann', role: 'admin', password });
  const guess = async (text: string): Promise<number> => (await askHub(hub.url, '/api/v1/session', { method: 'POST', body: { name: 'Ann', password: text } })).status;
  const statuses = [];
  for (let n = 0; n < 10; n += 1) statuses.push(await guess(`wrong number ${n}`));
  expect(statuses).toEqual(Array.from({ length: 10 }, () => 401));
  expect(await guess(password)).toBe(429);
  now += 5 * 60_000;
  expect(await guess(password)).toBe(200);
  expect((await hub.admin.listAudit({})).filter((entry) => entry.action === 'loginFailed')).toHaveLength(10);
});

test('a job moves to another computer as a new one, and every change is on record', async () => {
  const hub = await testHub();
  const admin = await logIn(hub.url, codeOf(await hub.admin.createLoginLink({})));
  const [one, two] = [await hub.admin.addAgent({ name: 'one' }), await hub.admin.addAgent({ name: 'two' })];
  const first = testAgent(hub, one);
  const second = testAgent(hub, two);
  for (const agent of [first, second]) {
    agent.start();
    await agent.connected();
  }
  const job = z.object({ id: z.string() }).parse((await admin.ask('/api/v1/jobs', { method: 'POST', body: { agentId: one.id, draft: draft() } })).json);
  await until(() => first.jobs.jobs.length === 1);
  const moved = z.object({ id: z.string(), agentId: z.string() }).parse((await admin.ask(`/api/v1/jobs/${job.id}/move`, { method: 'POST', body: { agentId: two.id } })).json);
  expect(moved.agentId).toBe(two.id);
  await until(() => first.jobs.jobs.length === 0 && second.jobs.jobs[0]?.id === moved.id);
  expect((await hub.admin.listJobs({})).map(({ id, agentName, lastRun }) => ({ id, agentName, lastRun }))).toEqual([{ id: moved.id, agentName: 'two', lastRun: null }]);
  await admin.ask(`/api/v1/agents/${one.id}`, { method: 'PATCH', body: { name: 'desk' } });
  expect((await admin.ask(`/api/v1/agents/${two.id}`, { method: 'DELETE' })).json).toEqual({ deletedJobs: [{ id: moved.id, name: 'Documents' }] });
  const log = (await hub.admin.listAudit({})).map(({ actor, action, subject, address }) => `${actor} ${address ?? '-'} ${action} ${subject}`);
  expect(log).toEqual([
    'admin 127.0.0.1 deleteAgent two', 'admin 127.0.0.1 renameAgent one to desk', 'admin 127.0.0.1 moveJob Documents', 'admin 127.0.0.1 createJob Documents',
    "the hub's computer - addAgent two", "the hub's computer - addAgent one", 'admin 127.0.0.1 login ', "the hub's computer - createLoginLink ",
  ]);
});

test('the description names every route, and real answers fit it', async () => {
  const hub = await testHub();
  const admin = await logIn(hub.url, codeOf(await hub.admin.createLoginLink({})));
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const job = await hub.admin.createJob({ agentId: made.id, draft: draft() });
  await hub.admin.createSetupToken({ name: 'office' });
  await hub.admin.createApiToken({ name: 'monitor', role: 'viewer' });
  await hub.admin.createAlertChannel({ name: 'phone', config: { kind: 'webhook', url: 'https://hooks.example/1' } });
  const run = await hub.admin.runJob({ id: job.id });
  const spec = (await askHub(hub.url, '/api/v1/openapi.json')).json as Spec;
  const described = Object.entries(spec.paths).flatMap(([url, methods]) => Object.entries(methods).map(([method, { operationId }]) => `${operationId}: ${method.toUpperCase()} ${url}`));
  const served = (Object.keys(apiRoutes) as ApiRoute[]).map((name) => `${name}: ${apiRoutes[name].http} ${apiRoutes[name].path.replace('/api/', '/api/v1/').replace(/:(\w+)/g, '{$1}')}`);
  expect(described.sort()).toEqual([...served, 'openapi: GET /api/v1/openapi.json'].sort());
  for (const [url, methods] of Object.entries(spec.paths)) {
    const get = methods['get'];
    if (get === undefined) continue;
    const answer = await admin.ask(url.replace(/\{\w+\}/g, run.id));
    // what is asked of a computer through its tunnel, here of a job that there is not
    expect(answer.status, url).toBe(url.includes('/snapshots') || url.includes('/restores') ? 404 : 200);
    if (answer.status === 404) continue;
    const fits = z.fromJSONSchema(get.responses[200].content['application/json'].schema).safeParse(answer.json);
    expect(fits.success, `${url}: ${fits.success ? '' : fits.error.message}`).toBe(true);
    // Nothing is wrong on a hub that has just begun; alerts.test.ts sees them.
    if (url !== '/api/v1/alerts') expect(answer.json, url).not.toEqual([]);
  }
  const refused = await admin.ask('/api/v1/jobs', { method: 'POST', body: { agentId: made.id, draft: { name: '' } } });
  expect(refused.status).toBe(400);
  expect(refused.json).toMatchObject({ code: 'usage', retryable: false });
});

test('people, sessions and the record are the same on PostgreSQL', async () => {
  const { url: database } = await postgresServer();
  const hub = await testHub({ database });
  await hub.admin.createUser({ name: 'Ann', role: 'admin', password });
  const ann = await logIn(hub.url, { name: 'Ann', password });
  expect((await ann.ask('/api/v1/agents', { method: 'POST', body: { name: 'laptop' } })).status).toBe(200);
  expect((await ann.ask('/api/v1/users', { method: 'POST', body: { name: 'Ann', role: 'viewer', password } })).json).toMatchObject({ message: 'There is a user "Ann" already. Choose another name.' });
  await hub.admin.createApiToken({ name: 'monitor', role: 'viewer', expiresInDays: 1 });
  expect((await hub.admin.listAudit({ limit: 2 })).map((entry) => entry.action)).toEqual(['createApiToken', 'addAgent']);
  const other = await testHub({ database });
  expect((await askHub(other.url, '/api/v1/session', { headers: { cookie: ann.cookie } })).status).toBe(200);
});

test('computers come page by page, and by a part of their name', async () => {
  const hub = await testHub();
  for (const name of ['Anna', 'Berta', 'Carla 50%', 'Carla 500', 'Dora']) await hub.admin.addAgent({ name });
  const names = async (wish: Parameters<typeof hub.admin.listAgents>[0]): Promise<string[]> => (await hub.admin.listAgents(wish)).map(({ name }) => name);
  expect(await names({ limit: 2 })).toEqual(['Anna', 'Berta']);
  expect(await names({ limit: 2, offset: 4 })).toEqual(['Dora']);
  expect(await names({ limit: 2, offset: 5 })).toEqual([]);
  expect(await names({ search: 'CARLA' })).toEqual(['Carla 50%', 'Carla 500']);
  expect(await names({ search: '50%', limit: 10 })).toEqual(['Carla 50%']);
  expect(await hub.admin.hub({})).toMatchObject({ agents: 5, online: 0 });
});
