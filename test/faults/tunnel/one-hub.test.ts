import { expect, test } from 'vitest';
import { openAppendLog } from '../../../main/platform/files/append-log.js';
import { tempFolder } from '../../helpers/temp.js';
import { cutProxy } from '../../integration/hub/cut-proxy.js';
import { draft, someResult, testAgent, testHub, until, type TestAgent } from '../../integration/hub/office.js';

const cuts = 1_000;
const runs = 50;
const linesPerRun = 20;

/** What an agent does with an order: a run with numbered log lines, spread over some time. The same order twice is one run. */
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
        await agent.journal.record(runId, jobId, { type: 'progress', progress: { phase: 'backing-up', filesDone: n, bytesDone: n, filesTotal: null, bytesTotal: null, bytesStored: 0, errors: 0, currentPath: null } });
        await new Promise((resolve) => { setTimeout(resolve, Math.random() * 8); });
      }
      await agent.journal.record(runId, jobId, { type: 'finished', state: 'succeeded', result: someResult(), error: null });
    })();
  };
}

test(`${cuts} cuts at random moments during ${runs} runs: every event arrives once and in order, no run is lost or doubled`, async () => {
  const hub = await testHub();
  const proxy = await cutProxy(Number(new URL(hub.url).port));
  const log = await openAppendLog(`${tempFolder()}/journal`);
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const jobs = await Promise.all(Array.from({ length: runs }, (_, n) => hub.admin.createJob({ agentId: made.id, draft: draft({ name: `Job ${n}` }) })));
  const agent = testAgent({ ...hub, url: `https://127.0.0.1:${proxy.port}` }, made, { log });
  runsByOrder(agent);
  agent.start();
  const ordered: string[] = [];
  for (let n = 0; n < cuts; n += 1) {
    // A wait of the backoff would make this test slow; a change of network ends it, as in life.
    await until(() => {
      if (agent.tunnel.connection.state === 'waiting') agent.tunnel.nudge();
      return proxy.connections() > 0;
    });
    const job = jobs[ordered.length];
    if (job !== undefined && n % 10 === 0) ordered.push((await hub.admin.runJob({ id: job.id })).id);
    await new Promise((resolve) => { setTimeout(resolve, Math.random() * 30); });
    proxy.cut();
    await until(() => agent.tunnel.connection.state === 'waiting' || proxy.connections() === 0);
  }
  await until(async () => {
    if (agent.tunnel.connection.state === 'waiting') agent.tunnel.nudge();
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    return (await hub.admin.listRuns({ limit: 1000 })).filter((run) => run.state === 'succeeded').length === runs;
  });
  const all = await hub.admin.listRuns({ limit: 1000 });
  expect(all.map((run) => run.id).sort()).toEqual([...ordered].sort());
  for (const { id } of all) {
    const { log: lines } = await hub.admin.getRun({ id });
    expect(lines.map((line) => line.message)).toEqual(Array.from({ length: linesPerRun }, (_, n) => `line ${n}`));
  }
  expect(hub.lines.filter((line) => line.startsWith('error'))).toEqual([]);
}, 300_000);
