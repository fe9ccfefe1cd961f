import { expect, test } from 'vitest';
import { connectHubAdmin } from '../../../main/hub/index.js';
import { openAppendLog } from '../../../main/platform/files/append-log.js';
import { freePort } from '../../helpers/ports.js';
import { tempFolder } from '../../helpers/temp.js';
import { draft, someResult, testAgent, until, type TestAgent } from './office.js';
import { hubProcess } from './hub-process.js';
import { postgresServer } from './postgres.js';

const lines = 300;

async function tellARun(agent: TestAgent, runId: string, jobId: string): Promise<void> {
  await agent.journal.record(runId, jobId, { type: 'queued', jobName: 'Documents', trigger: 'schedule' });
  for (let n = 0; n < lines; n += 1) {
    await agent.journal.record(runId, jobId, { type: 'log', level: 'info', message: `line ${n}` });
    await new Promise((resolve) => { setTimeout(resolve, Math.random() * 10); });
  }
  await agent.journal.record(runId, jobId, { type: 'finished', state: 'succeeded', result: someResult(), error: null });
}

const expected = Array.from({ length: lines }, (_, n) => `line ${n}`);

test('a hub killed with kill -9 again and again loses and doubles nothing', async () => {
  const dataFolder = `${tempFolder()}/hub`;
  const listen = { host: '127.0.0.1', port: await freePort() };
  let hub = await hubProcess({ dataFolder, listen });
  const admin = await connectHubAdmin(dataFolder);
  const made = await admin.addAgent({ name: 'laptop' });
  const job = await admin.createJob({ agentId: made.id, draft: draft() });
  const agent = testAgent(hub, made, { log: await openAppendLog(`${tempFolder()}/journal`), random: () => 0 });
  agent.start();
  await agent.connected();
  const telling = tellARun(agent, 'run1', job.id);
  for (let n = 0; n < 8; n += 1) {
    await new Promise((resolve) => { setTimeout(resolve, Math.random() * 200); });
    await hub.kill();
    hub = await hubProcess({ dataFolder, listen });
    agent.tunnel.nudge();
    await agent.connected();
  }
  await telling;
  await until(async () => (await admin.getRun({ id: 'run1' })).run.state === 'succeeded');
  expect((await admin.getRun({ id: 'run1', limit: 1000 })).log.map((line) => line.message)).toEqual(expected);
  expect(hub.errors()).toBe('');
}, 120_000);

test('of two hubs on one PostgreSQL one is killed at any time; its agent goes to the other and nothing is lost', async () => {
  const { url: database } = await postgresServer();
  const ports = [await freePort(), await freePort()];
  const folders = [`${tempFolder()}/one`, `${tempFolder()}/two`];
  const start = (n: number): ReturnType<typeof hubProcess> => hubProcess({ dataFolder: folders[n] ?? '', listen: { host: '127.0.0.1', port: ports[n] ?? 0 }, database });
  const hubs = [await start(0), await start(1)];
  // A load balancer with one address; both hubs would have the same certificate, here the agent is sent to whichever lives.
  let target = 0;
  const admin = await connectHubAdmin(folders[1] ?? '');
  const made = await admin.addAgent({ name: 'laptop' });
  const job = await admin.createJob({ agentId: made.id, draft: draft() });
  const log = await openAppendLog(`${tempFolder()}/journal`);
  const agent = testAgent(hubs[0] as { url: string; fingerprint: string }, made, { log, random: () => 0 });
  const go = async (): Promise<void> => {
    const hub = hubs[target];
    if (hub === undefined) throw new Error('no hub');
    agent.tunnel.start({ url: hub.url, fingerprint: hub.fingerprint, token: made.token });
    await until(() => {
      if (agent.tunnel.connection.state === 'waiting') agent.tunnel.nudge();
      return agent.tunnel.connection.state === 'connected';
    });
  };
  await go();
  const telling = tellARun(agent, 'run1', job.id);
  for (let n = 0; n < 6; n += 1) {
    await new Promise((resolve) => { setTimeout(resolve, Math.random() * 300); });
    const killed = target;
    await hubs[killed]?.kill();
    target = 1 - killed;
    await go();
    hubs[killed] = await start(killed);
  }
  await telling;
  await until(async () => (await admin.getRun({ id: 'run1' })).run.state === 'succeeded');
  expect((await admin.getRun({ id: 'run1', limit: 1000 })).log.map((line) => line.message)).toEqual(expected);
}, 120_000);
