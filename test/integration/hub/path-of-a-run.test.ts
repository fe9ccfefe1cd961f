import { expect, test } from 'vitest';
import { enrolAtHub } from '../../../main/agent/tunnel/index.js';
import { connectHubAdmin } from '../../../main/hub/index.js';
import { parseLink } from '../../../main/shared/protocol/link.js';
import { draft, someResult, testAgent, testHub, until } from './office.js';

const computer = { name: 'laptop', host: 'laptop.local', os: 'linux', arch: 'x64', version: '1.2.3' };

test('a computer joins with a setup link, gets its job, runs it by order, and the hub knows the result', async () => {
  const hub = await testHub();
  const admin = await connectHubAdmin(hub.dataFolder);
  const setup = await admin.createSetupToken({ name: 'office' });
  const enrolled = await enrolAtHub(parseLink(setup.link), computer);
  expect(enrolled).toMatchObject({ name: 'laptop', hubName: 'Test hub' });
  expect((await admin.listAgents({}))[0]).toMatchObject({ id: enrolled.agentId, name: 'laptop', online: false, status: 'Not set up', host: 'laptop.local' });

  const agent = testAgent(hub, { id: enrolled.agentId, token: enrolled.token });
  agent.start();
  await agent.connected();
  expect((await admin.listAgents({}))[0]).toMatchObject({ online: true });

  const job = await admin.createJob({ agentId: agent.id, draft: draft() });
  await until(() => agent.jobs.jobs.length === 1);
  expect(agent.jobs.jobs[0]).toEqual(job);

  agent.onStart = (runId, jobId) => {
    void (async () => {
      await agent.journal.record(runId, jobId, { type: 'queued', jobName: 'Documents', trigger: 'manual' });
      await agent.journal.record(runId, jobId, { type: 'started' });
      await agent.journal.record(runId, jobId, { type: 'log', level: 'info', message: 'half way' });
      await agent.journal.record(runId, jobId, { type: 'finished', state: 'succeeded', result: someResult(), error: null });
    })();
  };
  const { id } = await admin.runJob({ id: job.id });
  await until(async () => (await admin.getRun({ id })).run.state === 'succeeded');
  const { run, log } = await admin.getRun({ id });
  expect(run).toMatchObject({ id, jobId: job.id, agentName: 'laptop', trigger: 'manual', awaitingAgent: false, result: { snapshotId: 'a'.repeat(64) } });
  expect(log.map((line) => line.message)).toEqual(['half way']);
  expect((await admin.listJobs({}))[0]).toMatchObject({ id: job.id, status: 'Protected', lastRun: { id, state: 'succeeded', snapshotId: 'a'.repeat(64), error: null } });
  expect((await admin.listAgents({}))[0]).toMatchObject({ status: 'Protected' });
  // Acknowledged and gone from the journal; the order was given once.
  await until(async () => (await agent.journal.take(0, 100)).length === 0);
  expect(agent.started).toEqual([id]);
});

test('jobs made by the agent come back as its job set; it cannot touch those of others', async () => {
  const hub = await testHub();
  const [one, two] = [await hub.admin.addAgent({ name: 'one' }), await hub.admin.addAgent({ name: 'two' })];
  const agent = testAgent(hub, one);
  agent.start();
  await agent.connected();
  const { job } = await agent.tunnel.request('jobs.create', { draft: draft({ name: 'Mine' }) });
  await until(() => agent.jobs.jobs.length === 1);
  await agent.tunnel.request('jobs.update', { jobId: job.id, draft: draft({ name: 'Renamed' }) });
  await until(() => agent.jobs.jobs[0]?.name === 'Renamed');

  const other = await hub.admin.createJob({ agentId: two.id, draft: draft() });
  await expect(agent.tunnel.request('jobs.delete', { jobId: other.id })).rejects.toMatchObject({ code: 'not-found' });
  await expect(agent.tunnel.request('jobs.update', { jobId: other.id, draft: draft() })).rejects.toMatchObject({ code: 'not-found' });
  await expect(agent.tunnel.request('jobs.create', { draft: draft({ schedule: { type: 'cron', expression: 'not a cron' } }) })).rejects.toMatchObject({ code: 'usage' });
  await agent.tunnel.request('jobs.delete', { jobId: job.id });
  await until(() => agent.jobs.jobs.length === 0);
  expect((await hub.admin.listJobs({})).map((entry) => entry.id)).toEqual([other.id]);
});

test('an order waits for an agent that is away, and is given when it comes; cancelled before, it is never given', async () => {
  const hub = await testHub();
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const job = await hub.admin.createJob({ agentId: made.id, draft: draft() });
  const dropped = await hub.admin.runJob({ id: job.id });
  await hub.admin.cancelRun({ id: dropped.id });
  const kept = await hub.admin.runJob({ id: job.id });
  expect((await hub.admin.runJob({ id: job.id })).id).toBe(kept.id);
  const agent = testAgent(hub, made);
  agent.onJobs = () => new Promise((resolve) => { setTimeout(resolve, 100); });
  agent.onStart = (_runId, jobId) => { expect(agent.jobs.jobs.map((known) => known.id)).toContain(jobId); };
  agent.start();
  await until(() => agent.started.length > 0);
  expect(agent.started).toEqual([kept.id]);
  expect((await hub.admin.listRuns({})).map((run) => [run.id, run.state, run.awaitingAgent])).toEqual(expect.arrayContaining([[dropped.id, 'cancelled', false], [kept.id, 'queued', true]]));

  // It went out, so the agent has the last word on its end.
  await hub.admin.cancelRun({ id: kept.id });
  await until(() => agent.cancelled.includes(kept.id));
  await agent.journal.record(kept.id, job.id, { type: 'finished', state: 'cancelled', result: null, error: null });
  await until(async () => (await hub.admin.getRun({ id: kept.id })).run.state === 'cancelled');
});

test('a hub that stops and starts again knows everything, and its agents come back by themselves', async () => {
  const first = await testHub();
  const made = await first.admin.addAgent({ name: 'laptop' });
  const job = await first.admin.createJob({ agentId: made.id, draft: draft() });
  const agent = testAgent(first, made, { random: () => 0 });
  agent.start();
  await agent.connected();
  const port = Number(new URL(first.url).port);
  await first.close();
  await until(() => agent.tunnel.connection.state === 'waiting');
  await agent.journal.record('run1', job.id, { type: 'queued', jobName: 'Documents', trigger: 'schedule' });
  await agent.journal.record('run1', job.id, { type: 'finished', state: 'failed', result: null, error: { code: 'destination-full', message: 'The disk is full.', retryable: true } });

  const second = await testHub({ dataFolder: first.dataFolder, listen: { host: '127.0.0.1', port } });
  expect(second.fingerprint).toBe(first.fingerprint);
  await agent.connected();
  await until(async () => (await second.admin.listRuns({}))[0]?.state === 'failed');
  expect((await second.admin.listAgents({}))[0]).toMatchObject({ name: 'laptop', online: true, status: 'Failing' });
  expect((await second.admin.listAgents({}))[0]?.reason).toContain('The disk is full.');
});
