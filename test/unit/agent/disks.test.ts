import { describe, expect, it } from 'vitest';
import { createAgent, type Agent } from '../../../main/agent/agent.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { createWorld, settle, someJob, someResult } from '../../helpers/agent-world.js';

const minute = 60_000;
const folder = 'holdfast';

/** A computer with one disk that a test attaches and takes away; its agent has made one backup there. */
async function withDisk(change: Parameters<typeof someJob>[0] = {}) {
  const job = someJob({ destination: { id: 'dest1', name: 'Backup disk', url: `/media/anna/Backup/${folder}` }, ...change });
  const world = createWorld({ jobs: [job] });
  let mountPoint: string | null = '/media/anna/Backup';
  let told: () => void = () => undefined;
  const checked: string[] = [];
  const disks = {
    place: (path: string) => Promise.resolve(path.startsWith(`${mountPoint ?? 'nowhere'}/`) ? { volumeId: '2222-disk', path: folder } : null),
    locate: () => Promise.resolve(mountPoint === null ? null : `${mountPoint}/${folder}`),
    check: (path: string) => {
      checked.push(path);
      return mountPoint === null ? Promise.reject(new HoldfastError('destination-missing', 'No disk is mounted there.')) : Promise.resolve();
    },
    eject: () => { mountPoint = null; return Promise.resolve(); },
    watch: (callback: () => void) => { told = callback; return () => undefined; },
  };
  const agent = createAgent({ ...world.options, disks });
  await agent.start();
  await agent.call('runJob', { jobId: job.id });
  await settle();
  world.engine.pending.shift()?.resolve(someResult());
  await settle();
  const mount = async (at: string | null): Promise<void> => {
    mountPoint = at;
    if (at !== null) world.engine.repositories.set(`${at}/${folder}`, world.engine.repositories.get(`/media/anna/Backup/${folder}`) ?? '');
    told();
    await settle();
  };
  return { world, agent, mount, checked };
}

const view = async (agent: Agent) => (await agent.call('state', {})).jobs[0];

describe('a destination on a disk that comes and goes', () => {
  it('waits for its disk, says since when, and begins when it is attached under another path', async () => {
    const { agent, checked, mount, world } = await withDisk();
    expect(checked).toEqual([`/media/anna/Backup/${folder}`]); // before the repository was made
    expect((await view(agent))?.disk).toEqual({ label: 'Backup', awaySince: null });
    await mount(null);
    await world.clock.pass(26 * 60 * minute);
    expect(world.engine.orders).toHaveLength(1);
    expect((await view(agent))?.status).toMatchObject({ status: 'At risk', reason: 'Last backup 1 day ago; waiting for the disk "Backup", away for 1 day' });
    await mount('/media/anna/Backup1');
    expect(world.engine.orders.at(-1)?.repository.url).toBe(`/media/anna/Backup1/${folder}`);
    expect((await view(agent))?.disk).toEqual({ label: 'Backup', awaySince: null });
    await agent.close();
  });

  it('a disk that is pulled ends the run with one sentence, and the run comes again by itself, once', async () => {
    const { agent, mount, world } = await withDisk({ schedule: { type: 'manual' } });
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    await world.clock.pass(minute);
    await mount(null);
    world.engine.pending.shift()?.reject(new HoldfastError('not-found', '/media/anna/Backup/holdfast/tmp/x does not exist.'));
    await settle();
    expect((await view(agent))?.lastRun?.error).toEqual({
      code: 'destination-missing', retryable: true, message: 'The disk "Backup" was taken away during the backup. Attach it: the backup then begins by itself.',
    });
    await world.clock.pass(2 * 60 * minute);
    expect(world.engine.orders).toHaveLength(2);
    await mount('/media/anna/Backup1');
    expect(world.engine.orders).toHaveLength(3);
    // With the disk in place a failure is no reason to go on and on.
    world.engine.pending.shift()?.reject(new HoldfastError('destination-missing', 'The repository is not there any more.'));
    await settle();
    await world.clock.pass(2 * 60 * minute);
    expect(world.engine.orders).toHaveLength(3);
    await agent.close();
  });

  it('away and back under another path before anybody looked is told and mended the same way', async () => {
    const { agent, mount, world } = await withDisk({ schedule: { type: 'manual' } });
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    await world.clock.pass(minute);
    await mount('/media/anna/Backup1');
    world.engine.pending.shift()?.reject(new HoldfastError('not-found', 'gone'));
    await settle();
    expect((await view(agent))?.lastRun?.state).toBe('running');
    expect(world.engine.orders).toHaveLength(3);
    expect(world.engine.orders.at(-1)?.repository.url).toBe(`/media/anna/Backup1/${folder}`);
    await agent.close();
  });

  it('a run by hand without the disk fails with its name, and nothing is made in the empty folder', async () => {
    const { agent, mount, world } = await withDisk();
    await mount(null);
    const before = [...world.engine.repositories.keys()];
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    expect((await view(agent))?.lastRun?.error?.message).toBe('The disk "Backup" has been away for a moment. Attach it: the backup then begins by itself.');
    expect([...world.engine.repositories.keys()]).toEqual(before);
    await agent.close();
  });

  it('is ejected when asked, but not under a backup', async () => {
    const { agent, world } = await withDisk();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    await expect(agent.call('ejectDisk', { destinationId: 'dest1' })).rejects.toMatchObject({ code: 'repository-locked' });
    world.engine.pending.shift()?.resolve(someResult());
    await settle();
    expect(await agent.call('ejectDisk', { destinationId: 'dest1' })).toEqual({ label: 'Backup' });
    expect((await view(agent))?.disk?.awaySince).not.toBe(null);
    await agent.close();
  });
});
