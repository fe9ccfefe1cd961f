/** What a job wishes, what a rule covers, and what an update takes over. */
import { describe, expect, test } from 'vitest';
import { createAgent } from '../../../main/agent/agent.js';
import { isAllowed, isRefused, isWithin, newPolicy, policySchema, type Rule } from '../../../main/agent/policy/policy.js';
import { wishesOf } from '../../../main/agent/policy/wishes.js';
import { createWorld, settle, someJob, someResult } from '../../helpers/agent-world.js';

test('a folder covers what is below it and nothing beside it', () => {
  expect([isWithin('/a/b', '/a'), isWithin('/a', '/a'), isWithin('/ab', '/a'), isWithin('/', '/a'), isWithin('/a', '/')]).toEqual([true, true, false, false, true]);
  const rule: Rule = { id: '0'.repeat(12), kind: 'folder', key: '/a', subject: '/a', detail: '', hub: 'one', at: '2026-01-01T00:00:00.000Z' };
  const policy = { ...newPolicy, allowed: [rule], refused: [{ ...rule, key: '/b' }] };
  expect(isAllowed(policy, { kind: 'folder', key: '/a/b' }, 'one')).toBe(true);
  expect(isAllowed(policy, { kind: 'folder', key: '/a/b' }, 'two')).toBe(false);
  expect(isAllowed(policy, { kind: 'source', key: '/a' }, 'one')).toBe(false);
  expect([isRefused(policy, { kind: 'folder', key: '/b' }, 'one'), isRefused(policy, { kind: 'folder', key: '/b/c' }, 'one')]).toEqual([true, false]);
  expect(policySchema.parse({})).toEqual(newPolicy);
});

describe('wishes', () => {
  test('of every kind of source, without what only leaves something out', () => {
    const wishes = (sources: Parameters<typeof someJob>[0]): unknown => wishesOf(someJob(sources));
    const one = wishes({ sources: [{ type: 'postgresql', host: 'db', tls: 'prefer', databases: ['shop'], excludeTables: ['log'] }] });
    expect(one).toEqual(wishes({ sources: [{ type: 'postgresql', databases: ['shop'], tls: 'prefer', host: 'db' }] }));
    expect(one).not.toEqual(wishes({ sources: [{ type: 'postgresql', host: 'db', tls: 'prefer' }] }));
    expect(one).toEqual([{ kind: 'source', key: expect.any(String), subject: 'postgresql: databases shop, host db, tls prefer' }]);
  });
  test('of hooks once each, and of rules with their destination', () => {
    expect(wishesOf(someJob({ hooks: { pre: '/h', post: '/h', timeLimitMinutes: 3 }, retention: { keepDaily: 7, keepWithin: '1y' } }))).toEqual([
      { kind: 'folder', path: '/home/me/Documents' },
      { kind: 'hook', path: '/h', when: 'pre' },
      { kind: 'forget', key: JSON.stringify(['/mnt/backup', [['keepDaily', 7], ['keepWithin', '1y']]]), subject: 'keep 7 days, all within 1y in /mnt/backup' },
    ]);
  });
});

test('at the first start with a policy, what ran well before is allowed, and nothing else is', async () => {
  const ran = JSON.stringify({
    id: 'r', jobId: 'job1', jobName: 'Documents', trigger: 'manual', state: 'succeeded', queuedAt: '2026-05-04T11:00:00.000Z', startedAt: '2026-05-04T11:00:00.000Z', finishedAt: '2026-05-04T11:01:00.000Z',
    progress: null, result: someResult(), error: null,
  });
  const world = createWorld({ ownHub: false, runs: [ran], jobs: [someJob({ hooks: { pre: '/h' } }), someJob({ id: 'job2', name: 'New', sources: [{ type: 'files', paths: ['/etc'], excludes: [] }] })] });
  const agent = createAgent(world.options);
  await agent.start();
  expect((await agent.call('allowed', {})).allowed.map(({ kind, subject }) => [kind, subject])).toEqual([['folder', '/home/me/Documents']]);
  expect((await agent.call('state', {})).consent.waiting.map(({ kind, subject }) => [kind, subject])).toEqual([['hook', '/h'], ['folder', '/etc']]);
  // A scheduled run is held back, and says for what.
  await world.clock.pass(3 * 3_600_000);
  expect(world.engine.orders).toEqual([]);
  expect((await agent.call('state', {})).jobs.find(({ job }) => job.id === 'job2')?.status.reason).toContain('this computer was not allowed yet to back up the folder /etc');
  await agent.call('answerConsent', { ids: (await agent.call('state', {})).consent.waiting.map(({ id }) => id), answer: 'allow' });
  await settle();
  expect((await agent.call('state', {})).consent.waiting).toEqual([]);
  await agent.close();
  // The second start finds a policy and takes nothing over.
  const again = createAgent({ ...world.options, jobs: world.options.jobs });
  await again.start();
  expect((await again.call('allowed', {})).allowed).toHaveLength(3);
  await again.close();
});
