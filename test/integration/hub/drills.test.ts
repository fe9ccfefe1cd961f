/** What a restore drill found reaches the hub through the journal and is part of the status there. */
import { expect, test } from 'vitest';
import type { Drill } from '../../../main/shared/drill.js';
import { draft, someResult, testAgent, testHub, until } from './office.js';

test('a failed drill puts the job at risk on the hub too; one that proves all says since when', async () => {
  const hub = await testHub();
  const agent = testAgent(hub, await hub.admin.addAgent({ name: 'laptop' }));
  agent.start();
  await agent.connected();
  const job = await hub.admin.createJob({ agentId: agent.id, draft: draft() });
  const record = agent.journal.record.bind(agent.journal, 'run1', job.id);
  await record({ type: 'queued', jobName: 'Documents', trigger: 'manual' });
  await record({ type: 'started' });
  await record({ type: 'finished', state: 'succeeded', result: someResult(), error: null });
  await until(async () => (await hub.admin.listJobs({}))[0]?.status === 'Protected');

  const tell = async (change: Partial<Drill>): Promise<void> => {
    const now = new Date().toISOString();
    const drill: Drill = { jobId: job.id, startedAt: now, finishedAt: now, snapshotId: 'a'.repeat(64), outcome: 'proven', files: 20, bytes: 1000, databases: [], reason: null, ...change };
    await record({ type: 'log', level: 'info', message: 'A drill.', drill });
  };
  await tell({ outcome: 'failed', reason: 'A file did not come back.' });
  await until(async () => (await hub.admin.listAgents({}))[0]?.status === 'At risk');
  expect((await hub.admin.listJobs({}))[0]?.reason).toMatch(/^The restore drill failed just now: A file did not come back\. Last backup just now$/);
  await tell({ outcome: 'not-done', reason: 'No room.' });
  await tell({ outcome: 'proven' });
  await until(async () => (await hub.admin.listJobs({}))[0]?.status === 'Protected');
  expect((await hub.admin.listJobs({}))[0]?.reason).toBe('Last backup just now; last proven restorable just now');
  expect((await hub.admin.getRun({ id: 'run1' })).log.map(({ message }) => message)).toEqual(['A drill.', 'A drill.', 'A drill.']);
});
