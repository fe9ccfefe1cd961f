import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../main/agent/agent.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { createWorld, settle, someJob, someResult } from '../../helpers/agent-world.js';

const minute = 60_000;
const kinds = (world: ReturnType<typeof createWorld>, runId?: string): string[] =>
  world.journal.filter((entry) => runId === undefined || entry.runId === runId).map((entry) => entry.event.type).filter((type) => type !== 'log');

describe('the schedule', () => {
  it('runs by itself, with no hub in sight, and once after a long sleep', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    await world.clock.pass(59 * minute);
    expect(world.engine.orders).toHaveLength(0);
    await world.clock.pass(5 * minute);
    expect(world.engine.orders).toHaveLength(1);
    world.engine.pending[0]?.resolve(someResult());
    await settle();
    expect(kinds(world)).toEqual(['queued', 'started', 'finished']);
    await world.clock.pass(10 * 60 * minute); // the engine of this test does not finish the second run by itself
    expect(world.engine.orders).toHaveLength(2);
    const state = await agent.call('state', {});
    expect(state.status).toBe('Due');
    await agent.close();
  });

  it('defers on battery, says so, and runs when plugged in', async () => {
    const world = createWorld({ jobs: [someJob()] });
    world.onBattery = true;
    const agent = createAgent(world.options);
    await agent.start();
    await world.clock.pass(90 * minute);
    expect(world.engine.orders).toHaveLength(0);
    expect((await agent.call('state', {})).reason).toContain('waiting until the computer is plugged in');
    world.onBattery = false;
    await world.clock.pass(minute);
    expect(world.engine.orders).toHaveLength(1);
    await agent.close();
  });

  it('holds scheduled runs until the recovery kit was saved, but not runs by hand', async () => {
    const world = createWorld({ jobs: [someJob()], confirmed: [] });
    const agent = createAgent(world.options);
    await agent.start();
    await world.clock.pass(120 * minute);
    expect(world.engine.orders).toHaveLength(0);
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    expect(world.engine.orders).toHaveLength(1);
    world.engine.pending[0]?.resolve(someResult());
    await settle();
    await agent.call('confirmRecoveryKit', { destinationId: 'dest1' });
    await world.clock.pass(70 * minute);
    expect(world.engine.orders).toHaveLength(2);
    await agent.close();
  });

  it('rests while paused, closes the tunnel, and goes on when the time is over', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    expect(world.tunnel.state).toBe('open');
    await agent.call('pause', { until: new Date(world.clock.now() + 240 * minute).toISOString() });
    expect(world.tunnel.state).toBe('paused');
    await world.clock.pass(239 * minute);
    expect(world.engine.orders).toHaveLength(0);
    await world.clock.pass(3 * minute);
    expect(world.tunnel.state).toBe('open');
    expect(world.engine.orders).toHaveLength(1);
    await agent.close();
  });
});

describe('runs', () => {
  it('are one when the hub repeats its order', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    world.events.runStart('r1', 'job1');
    world.events.runStart('r1', 'job1');
    await settle();
    world.engine.pending[0]?.resolve(someResult());
    await settle();
    world.events.runStart('r1', 'job1');
    await settle();
    expect(world.engine.orders).toHaveLength(1);
    expect(kinds(world, 'r1')).toEqual(['queued', 'started', 'finished']);
    await agent.close();
  });

  it('wait for each other on one repository', async () => {
    const world = createWorld({ jobs: [someJob(), someJob({ id: 'job2', name: 'Code' })] });
    const agent = createAgent(world.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await agent.call('runJob', { jobId: 'job2' });
    await settle();
    expect(world.engine.orders).toHaveLength(1);
    world.engine.pending[0]?.reject(new HoldfastError('destination-full', 'The disk is full. Free some space.'));
    await settle();
    expect(world.engine.orders).toHaveLength(2);
    const state = await agent.call('state', {});
    expect(state).toMatchObject({ status: 'Failing', reason: '"Documents": The disk is full. Free some space. There is no backup yet' });
    await agent.close();
  });

  it('of an agent that was killed end as interrupted and start over once, also where there is no schedule', async () => {
    const first = createWorld({ jobs: [someJob()] });
    const agent = createAgent(first.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    const second = createWorld({ jobs: [someJob()], runs: first.runLog.lines });
    const again = createAgent(second.options);
    await again.start();
    expect(second.journal.at(-1)?.event).toMatchObject({ type: 'finished', state: 'interrupted' });
    await second.clock.pass(31_000);
    expect(second.engine.pending).toHaveLength(1);
    expect(second.journal.map(({ event }) => event.type)).toContain('started');
    // It ends this process as well: then only its schedule or a person starts it again.
    const third = createWorld({ jobs: [someJob()], runs: second.runLog.lines });
    const last = createAgent(third.options);
    await last.start();
    await third.clock.pass(31_000);
    expect(third.engine.pending).toHaveLength(0);
    expect((await last.call('state', {})).status).toBe('Failing');
    for (const each of [agent, again, last]) await each.close();
  });

  it('that this process cannot finish, because another version takes over, are interrupted and not started over by itself', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    world.engine.pending[0]?.reject(new HoldfastError('cancelled', 'Another version takes over.', { retryable: true }));
    await settle();
    expect(world.journal.at(-1)?.event).toMatchObject({ type: 'finished', state: 'interrupted', error: { message: 'Another version takes over.' } });
    expect(world.engine.pending).toHaveLength(1);
    await agent.close();
  });

  it('are cancelled cleanly when the agent closes', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    await agent.close();
    expect(world.journal.at(-1)?.event).toMatchObject({ type: 'finished', state: 'cancelled', error: null });
  });

  it('with unreadable files end with warnings and name them', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    world.engine.pending[0]?.resolve(someResult({ unreadableCount: 1, unreadable: [{ path: '/home/me/secret', message: 'permission denied' }] }));
    await settle();
    expect((await agent.call('state', {}))).toMatchObject({ status: 'Protected', reason: 'Last backup just now, 1 file not read' });
    expect(world.log).toContain('warn: Not read: /home/me/secret: permission denied');
    await agent.close();
  });

  it('whose sources had something to say end with warnings, too', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    world.engine.pending[0]?.resolve(someResult({ warnings: ['Users and grants of MySQL at localhost:3306 are not in the backup.'] }));
    await settle();
    expect((await agent.call('state', {})).runs[0]).toMatchObject({ state: 'warnings', result: { unreadableCount: 0 } });
    await agent.close();
  });
});

describe('repositories', () => {
  it('are made once, with a password that is stored before', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    const password = world.secrets.values.get('repository:dest1');
    expect(password).toMatch(/^([a-km-z2-9]{4}-){7}[a-km-z2-9]{4}$/);
    expect(world.engine.repositories.get('/mnt/backup')).toBe(password);
    expect((await agent.call('recoveryKit', { destinationId: 'dest1' })).password).toBe(password);
    await agent.close();
  });

  it('that are gone are not made anew behind the owner\'s back', async () => {
    const world = createWorld({ jobs: [someJob()] });
    const agent = createAgent(world.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    world.engine.pending[0]?.resolve(someResult());
    await settle();
    world.engine.repositories.clear(); // the disk was pulled; its empty mount point is still a folder
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    expect(world.engine.repositories.size).toBe(0);
    expect((await agent.call('state', {})).reason).toContain('is not there any more. Attach its disk');
    await agent.close();
  });

  it('of others are asked for their password, and a wrong one replaces nothing', async () => {
    const world = createWorld();
    const agent = createAgent(world.options);
    await agent.start();
    world.engine.repositories.set('/mnt/old', 'correct');
    const destination = { id: 'old', name: 'Old', url: '/mnt/old' };
    await expect(agent.call('prepareDestination', { destination, password: null })).rejects.toThrow(/There is a repository at .* already\. Enter its password/);
    await expect(agent.call('prepareDestination', { destination, password: 'guess' })).rejects.toMatchObject({ code: 'wrong-password' });
    expect(world.secrets.values.has('repository:old')).toBe(false);
    expect(await agent.call('prepareDestination', { destination, password: 'correct' })).toEqual({ created: false });
    expect(world.secrets.values.get('repository:old')).toBe('correct');
    await agent.close();
  });
});

describe('membership', () => {
  it('trades a setup link for a token, keeps it in the secret store and connects', async () => {
    const world = createWorld({ joined: false });
    const agent = createAgent(world.options);
    await agent.start();
    expect(world.tunnel.state).toBe('not-joined');
    const link = `holdfast://join?hub=https%3A%2F%2Foffice.local%3A7878&token=3%7C${'s'.repeat(40)}`;
    expect(await agent.call('join', { link })).toEqual({ hub: 'https://office.local:7878', name: 'laptop-2' });
    expect(world.secrets.values.get('agent-token')).toBe(`9|${'n'.repeat(40)}`);
    expect(JSON.stringify(world.options.settings.read())).not.toContain('nnnn');
    expect(world.tunnel.state).toBe('open');
    await agent.call('leave', {});
    expect(world.secrets.values.has('agent-token')).toBe(false);
    expect(world.tunnel.state).toBe('not-joined');
    await agent.close();
  });
});
