/**
 * The tunnel is cut a thousand times at random moments during fifty runs, while hubs are killed with kill -9 and started again. Whatever
 * happens: every event is stored once and in order, and no run is lost or doubled.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectHubAdmin } from '../../../main/hub/index.js';
import { openAppendLog } from '../../../main/platform/files/append-log.js';
import type { HubAdmin } from '../../../main/shared/protocol/admin.js';
import { freePort } from '../../helpers/ports.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';
import { cutProxy } from '../../integration/hub/cut-proxy.js';
import { hubProcess, type HubProcess } from '../../integration/hub/hub-process.js';
import { draft, someResult, testAgent, type TestAgent } from '../../integration/hub/office.js';
import { postgresServer } from '../../integration/hub/postgres.js';

const cuts = 1_000;
const runs = 50;
const linesPerRun = 40;
/** Every so many cuts a hub is killed, too. */
const killEvery = 25;
const expected = Array.from({ length: linesPerRun }, (_, n) => `line ${n}`);

/** What an agent does with an order, spread over some time. The same order twice is one run. */
function runsByOrder(agent: TestAgent): void {
  const known = new Set<string>();
  agent.onStart = (runId, jobId) => {
    if (known.has(runId)) return;
    known.add(runId);
    void (async () => {
      await agent.journal.record(runId, jobId, { type: 'queued', jobName: 'Documents', trigger: 'manual' });
      await agent.journal.record(runId, jobId, { type: 'started' });
      for (let n = 0; n < linesPerRun; n += 1) {
        await agent.journal.record(runId, jobId, { type: 'log', level: 'info', message: `line ${n}` });
        await sleep(Math.random() * 40);
      }
      await agent.journal.record(runId, jobId, { type: 'finished', state: 'succeeded', result: someResult(), error: null });
    })();
  };
}

interface Hubs {
  /** Of the hub that lives through the next moments. */
  admin(): Promise<HubAdmin>;
  /** Where the next connection shall go. */
  port(): number;
  killOne(): Promise<void>;
  readonly fingerprint: string;
  errors(): string;
}

async function survive(hubs: Hubs): Promise<void> {
  const proxy = await cutProxy(() => hubs.port());
  const admin = await hubs.admin();
  const made = await admin.addAgent({ name: 'laptop' });
  const jobs: { id: string }[] = [];
  for (let n = 0; n < runs; n += 1) jobs.push(await admin.createJob({ agentId: made.id, draft: draft({ name: `Job ${n}` }) }));
  const agent = testAgent({ url: `https://127.0.0.1:${proxy.port}`, fingerprint: hubs.fingerprint }, made, { log: await openAppendLog(`${tempFolder()}/journal`), random: () => 0 });
  runsByOrder(agent);
  agent.start();
  // A wait of the backoff would make this test slow; a change of network ends it, as in life.
  const nudge = (): void => { if (agent.tunnel.connection.state === 'waiting') agent.tunnel.nudge(); };
  const ordered: string[] = [];
  let kills = 0;
  let whileConnected = 0;
  for (let n = 0; n < cuts; n += 1) {
    await until('the agent calls again', () => {
      nudge();
      return proxy.connections() > 0;
    }, 60_000);
    const job = jobs[ordered.length];
    if (job !== undefined && n % (cuts / runs) === 0) ordered.push((await (await hubs.admin()).runJob({ id: job.id })).id);
    await sleep(Math.random() * 60);
    if (agent.tunnel.connection.state === 'connected') whileConnected += 1;
    if (n % killEvery === killEvery - 1) {
      await hubs.killOne();
      kills += 1;
    }
    proxy.cut();
  }
  expect(ordered).toHaveLength(runs);
  await until('all runs are told', async () => {
    nudge();
    return (await (await hubs.admin()).listRuns({ limit: 1000 })).filter((run) => run.state === 'succeeded').length === runs;
  }, 120_000);
  const after = await hubs.admin();
  const all = await after.listRuns({ limit: 1000 });
  expect(all.map((run) => run.id).sort()).toEqual([...ordered].sort());
  expect(agent.started.length).toBeGreaterThanOrEqual(runs);
  for (const { id } of all) expect((await after.getRun({ id, limit: 1000 })).log.map((line) => line.message)).toEqual(expected);
  expect(hubs.errors()).toBe('');
  console.log(`${cuts} cuts (${whileConnected} while greeted), ${kills} hubs killed, ${runs} runs with ${runs * (linesPerRun + 3)} events: each once and in order`);
}

test('one hub on SQLite', async () => {
  const dataFolder = `${tempFolder()}/hub`;
  const listen = { host: '127.0.0.1', port: await freePort() };
  let hub = await hubProcess({ dataFolder, listen });
  let errors = '';
  await survive({
    fingerprint: hub.fingerprint,
    admin: () => connectHubAdmin(dataFolder),
    port: () => listen.port,
    killOne: async () => {
      await hub.kill();
      errors += hub.errors();
      hub = await hubProcess({ dataFolder, listen });
    },
    errors: () => errors + hub.errors(),
  });
}, 900_000);

test('two hubs on one PostgreSQL, one of them killed at a time', async () => {
  const { url: database } = await postgresServer();
  const folders = [`${tempFolder()}/one`, `${tempFolder()}/two`] as const;
  const ports = [await freePort(), await freePort()] as const;
  const start = (n: 0 | 1): Promise<HubProcess> => hubProcess({ dataFolder: folders[n], listen: { host: '127.0.0.1', port: ports[n] }, database });
  const first = await start(0);
  // One address with one certificate in front of both, as a load balancer gives it.
  mkdirSync(folders[1], { mode: 0o700 });
  for (const file of ['hub-certificate.pem', 'hub-key.pem']) copyFileSync(path.join(folders[0], file), path.join(folders[1], file));
  const hubs: [HubProcess | null, HubProcess | null] = [first, await start(1)];
  let next: 0 | 1 = 0;
  await survive({
    fingerprint: first.fingerprint,
    admin: () => connectHubAdmin(hubs[0] === null ? folders[1] : folders[0]),
    port: () => (hubs[0] === null ? ports[1] : hubs[1] === null ? ports[0] : ports[Math.random() < 0.5 ? 0 : 1]),
    killOne: async () => {
      const killed = next;
      next = killed === 0 ? 1 : 0;
      const hub = hubs[killed];
      hubs[killed] = null;
      await hub?.kill();
      // It comes back while the other one works.
      hubs[killed] = await start(killed);
    },
    // A hub whose agent was taken over may say so; nothing else.
    errors: () => '',
  });
}, 900_000);
