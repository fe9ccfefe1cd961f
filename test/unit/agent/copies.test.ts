import { describe, expect, it } from 'vitest';
import { createAgent, type Agent } from '../../../main/agent/agent.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { jobDraftSchema, type Destination } from '../../../main/shared/model.js';
import { createWorld, settle, someJob, someResult, type World } from '../../helpers/agent-world.js';

const day = 24 * 60 * 60_000;
const nas: Destination = { id: 'nas', name: 'NAS', url: 'sftp:anna@nas:/backup' };
const disk: Destination = { id: 'disk', name: 'Disk', url: '/media/anna/Off-site/holdfast' };

/** One run, to its end. */
async function run(agent: Agent, world: World): Promise<void> {
  await agent.call('runJob', { jobId: 'job1' });
  await settle();
  world.engine.pending.shift()?.resolve(someResult());
  await settle();
}
const job = async (agent: Agent) => (await agent.call('state', {})).jobs[0];
const newest = async (agent: Agent) => (await agent.call('state', {})).runs[0];

async function withCopies(copies: Destination[], change: Parameters<typeof someJob>[0] = {}, disks: Partial<World['options']['disks']> = {}) {
  const world = createWorld({ jobs: [someJob({ copies, schedule: { type: 'manual' }, ...change })] });
  const agent = createAgent({ ...world.options, disks: { ...world.options.disks, ...disks } });
  await agent.start();
  return { agent, world };
}

describe('copies of a job\'s snapshots', () => {
  it('are made after the backup, open with the same password, and are part of the status', async () => {
    const { agent, world } = await withCopies([nas, disk]);
    await run(agent, world);
    expect(world.engine.copied).toEqual([`/mnt/backup > ${nas.url}`, `/mnt/backup > ${disk.url}`]);
    expect(new Set(world.engine.repositories.values()).size).toBe(1);
    expect((await newest(agent))?.result?.copies).toEqual([{ destinationId: 'nas', problem: null }, { destinationId: 'disk', problem: null }]);
    expect((await job(agent))?.status).toMatchObject({ status: 'Protected', reason: 'Last backup just now, with 2 copies elsewhere' });
    await agent.close();
  });

  it('one that fails makes the run one with warnings, does not keep the others, and is a risk after a week', async () => {
    const { agent, world } = await withCopies([nas, disk]);
    world.engine.uncopiable.set(nas.url, new HoldfastError('destination-failed', 'The server at nas does not answer. Is it on?', { retryable: true }));
    await run(agent, world);
    expect((await newest(agent))?.state).toBe('warnings');
    expect((await newest(agent))?.result?.warnings).toEqual(['The copy on "NAS" could not be brought up to date: The server at nas does not answer. Is it on?']);
    expect(world.engine.copied).toEqual([`/mnt/backup > ${disk.url}`]);
    expect((await job(agent))?.status).toMatchObject({ status: 'Due', reason: 'There is no copy on "NAS" yet: The server at nas does not answer. Is it on?; last backup just now' });
    const failure = world.engine.uncopiable.get(nas.url);
    world.engine.uncopiable.clear();
    await run(agent, world);
    expect((await job(agent))?.status.status).toBe('Protected');
    if (failure !== undefined) world.engine.uncopiable.set(nas.url, failure);
    await world.clock.pass(2 * day);
    await run(agent, world);
    expect((await job(agent))?.status).toMatchObject({ status: 'Protected', reason: 'Last backup just now, with a copy elsewhere, the copy on "NAS" 2 days ago' });
    await world.clock.pass(6 * day);
    await run(agent, world);
    expect((await job(agent))?.status).toMatchObject({ status: 'At risk', reason: expect.stringMatching(/^The copy on "NAS" was made 8 days ago: The server at nas does not answer/) });
    await agent.close();
  });

  it('one on a disk that is away is no warning, and is made as soon as the disk is back', async () => {
    let mountPoint: string | null = '/media/anna/Off-site';
    let told: () => void = () => undefined;
    const { agent, world } = await withCopies([disk], {}, {
      place: (path) => Promise.resolve(mountPoint !== null && path.startsWith(`${mountPoint}/`) ? { volumeId: '2222-disk', path: 'holdfast' } : null),
      locate: () => Promise.resolve(mountPoint === null ? null : `${mountPoint}/holdfast`),
      watch: (callback) => { told = callback; return () => undefined; },
    });
    await run(agent, world);
    mountPoint = null;
    told();
    await world.clock.pass(day);
    await run(agent, world);
    expect(await newest(agent)).toMatchObject({ state: 'succeeded', result: { copies: [{ destinationId: 'disk', problem: expect.stringMatching(/^The disk "Off-site" has been away for 23 hours\./) }] } });
    expect((await job(agent))?.status).toMatchObject({ status: 'Protected', reason: 'Last backup just now, the copy on "Disk" 1 day ago' });
    await world.clock.pass(day);
    mountPoint = '/media/anna/Off-site';
    told();
    await settle();
    world.engine.pending.shift()?.resolve(someResult());
    await settle();
    expect((await newest(agent))?.result?.copies).toEqual([{ destinationId: 'disk', problem: null }]);
    await world.clock.pass(day);
    expect(world.engine.pending).toHaveLength(0); // once
    await agent.close();
  });

  it.each(['/mnt/backup', '/mnt/backup/', 'local:/mnt/backup'])('are refused in the job\'s own repository: %s', (url) => {
    expect(jobDraftSchema.safeParse(someJob({ copies: [disk, { id: 'another', name: 'Twin', url }] })).error?.issues[0]?.message).toBe('each copy belongs into a repository of its own');
    expect(jobDraftSchema.safeParse(someJob({ copies: [disk, nas] })).success).toBe(true);
  });
});
