import { expect, test } from 'vitest';
import { enrolAtHub } from '../../../main/agent/tunnel/index.js';
import { parseLink } from '../../../main/shared/protocol/link.js';
import { cutProxy } from './cut-proxy.js';
import { draft, someResult, testAgent, testHub, until } from './office.js';
import { postgresServer } from './postgres.js';

const computer = { name: 'laptop', host: 'h', os: 'linux', arch: 'x64', version: '1' };

test('two hubs on one PostgreSQL work as one: jobs, orders, presence, removal', async () => {
  const { url: database } = await postgresServer();
  const [one, two] = [await testHub({ database }), await testHub({ database })];
  const setup = await one.admin.createSetupToken({ name: 'office', maxUses: 1 });
  // The link leads to hub one; hub two knows the same token.
  const enrolled = await enrolAtHub({ ...parseLink(setup.link), url: two.url, fingerprint: two.fingerprint }, computer);
  const agent = testAgent(two, { id: enrolled.agentId, token: enrolled.token });
  agent.start();
  await agent.connected();
  await until(async () => (await one.admin.listAgents({}))[0]?.online === true);

  const job = await one.admin.createJob({ agentId: agent.id, draft: draft() });
  await until(() => agent.jobs.jobs[0]?.id === job.id);
  const { id } = await one.admin.runJob({ id: job.id });
  await until(() => agent.started.includes(id));
  await agent.journal.record(id, job.id, { type: 'queued', jobName: 'Documents', trigger: 'manual' });
  await agent.journal.record(id, job.id, { type: 'log', level: 'info', message: 'a character that PostgreSQL does not take: \0' });
  await agent.journal.record(id, job.id, { type: 'finished', state: 'succeeded', result: someResult(), error: null });
  await until(async () => (await one.admin.getRun({ id })).run.state === 'succeeded');
  expect((await one.admin.listJobs({}))[0]).toMatchObject({ status: 'Protected', lastRun: { id, state: 'succeeded' } });

  await one.admin.deleteAgent({ id: agent.id });
  await until(() => agent.tunnel.connection.state === 'stopped');
  expect(agent.tunnel.connection.lastError).toMatchObject({ code: 'token-revoked' });
});

test('one connection per token across hubs; a dead one gives way, and so does one on a hub that is gone', async () => {
  const { url: database } = await postgresServer();
  const [one, two] = [await testHub({ database }), await testHub({ database })];
  const made = await one.admin.addAgent({ name: 'laptop' });
  const proxy = await cutProxy(Number(new URL(one.url).port));
  const first = testAgent({ ...one, url: `https://127.0.0.1:${proxy.port}` }, made);
  first.start();
  await first.connected();
  const second = testAgent(two, made);
  second.start();
  await until(() => second.tunnel.connection.state === 'waiting');
  expect(second.tunnel.connection.lastError).toMatchObject({ code: 'already-connected' });
  expect(first.tunnel.connection.state).toBe('connected');
  await second.tunnel.stop('paused');

  proxy.stall();
  const third = testAgent(two, made);
  third.start();
  await third.connected();
  expect(third.states.some((state) => state.lastError !== null)).toBe(false);
  expect((await one.admin.hub({})).online).toBe(1);
  // A normal goodbye frees the place at once.
  await third.tunnel.stop('paused');
  const fourth = testAgent(one, made);
  fourth.start();
  await fourth.connected();
});
