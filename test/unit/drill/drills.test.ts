/** When drills happen, what they do to the status, and what the hub hears. */
import { describe, expect, test } from 'vitest';
import { createAgent } from '../../../main/agent/agent.js';
import type { DrillFinding } from '../../../main/agent/drill/drill.js';
import { runEventBodySchema } from '../../../main/shared/protocol/messages.js';
import { drillText, provenText } from '../../../main/shared/drill.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { dumpAt, dumpName, exactPattern, snapshotPathSchema } from '../../../main/shared/restore.js';
import { createWorld, settle, someJob, someResult, type World } from '../../helpers/agent-world.js';

const hour = 3_600_000;
const day = 24 * hour;
const proven: DrillFinding = { outcome: 'proven', files: 20, bytes: 4_400_000, databases: [], reason: null };

function drillWorld(finding: () => DrillFinding | Error): World & { drilled: string[] } {
  const world = createWorld({ jobs: [someJob()] });
  const drilled: string[] = [];
  world.engine.snapshots = () => Promise.resolve([{ id: 'c'.repeat(64), time: '2026-05-04T13:00:00.000Z', tree: 'd'.repeat(64), paths: [], hostname: 'laptop', tags: ['holdfast-job-job1'] }] as never);
  world.options.drills.carryOut = (_repository, snapshotId) => {
    drilled.push(snapshotId);
    const found = finding();
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
  };
  return Object.assign(world, { drilled });
}

/** Lets the hourly job run for a time, every run good. */
async function live(world: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10 * 60_000) {
    await world.clock.pass(10 * 60_000);
    for (const run of world.engine.pending.splice(0)) run.resolve(someResult());
    await settle();
  }
}

describe('drills of an agent', () => {
  test('begin after the first good backup, come weekly, and are part of the status', async () => {
    const world = drillWorld(() => proven);
    const agent = createAgent(world.options);
    await agent.start();
    await world.clock.pass(30 * 60_000);
    expect(world.drilled).toEqual([]);
    await live(world, 4 * hour);
    expect(world.drilled).toHaveLength(1);
    expect((await agent.call('state', {})).jobs[0]?.status.reason).toMatch(/^Last backup .*; last proven restorable (just now|\d+ (minutes?|hours?) ago)$/);
    await live(world, 6 * day);
    expect(world.drilled).toHaveLength(1);
    await live(world, 1.2 * day);
    expect(world.drilled).toHaveLength(2);
    await agent.close();
  });

  test('are not begun on battery', async () => {
    const world = drillWorld(() => proven);
    const agent = createAgent(world.options);
    await agent.start();
    await live(world, 1.5 * hour);
    world.onBattery = true;
    await live(world, 5 * hour);
    expect(world.drilled).toEqual([]);
    world.onBattery = false;
    await live(world, hour);
    expect(world.drilled).toHaveLength(1);
    await agent.close();
  });

  test('a failed one puts the job at risk until one proves all; the hub hears both through the journal', async () => {
    let finding: DrillFinding = { ...proven, outcome: 'failed', reason: '/home/me/a came back with other permissions.' };
    const world = drillWorld(() => finding);
    const agent = createAgent(world.options);
    await agent.start();
    await live(world, 1.2 * hour);
    const { drill } = await agent.call('drillJob', { jobId: 'job1' });
    expect(drill).toMatchObject({ outcome: 'failed', snapshotId: 'c'.repeat(64) });
    const state = await agent.call('state', {});
    expect(state.status).toBe('At risk');
    expect(state.reason).toMatch(/^The restore drill failed just now: \/home\/me\/a came back with other permissions\. Last backup/);
    finding = proven;
    await agent.call('drillJob', { jobId: 'job1' });
    const better = await agent.call('state', {});
    expect([better.status, better.jobs[0]?.drill?.last?.outcome]).toEqual(['Protected', 'proven']);
    const told = world.journal.flatMap(({ event }) => (event.type === 'log' && event.drill !== undefined ? [event.drill.outcome] : []));
    expect(told).toEqual(['failed', 'proven']);
    await agent.close();
  });

  test('one that could not be done says nothing about the backup', async () => {
    const world = drillWorld(() => new HoldfastError('destination-full', 'The drill needs room.'));
    const agent = createAgent(world.options);
    await agent.start();
    await live(world, 1.2 * hour);
    expect((await agent.call('drillJob', { jobId: 'job1' })).drill).toMatchObject({ outcome: 'not-done', reason: 'The drill needs room.' });
    expect((await agent.call('state', {})).status).toBe('Protected');
    await agent.close();
  });

  test('a run waits for a drill of its repository', async () => {
    const world = drillWorld(() => proven);
    let finish: (finding: DrillFinding) => void = () => undefined;
    const agent = createAgent(world.options);
    await agent.start();
    await live(world, 1.2 * hour);
    world.options.drills.carryOut = () => new Promise((resolve) => { finish = resolve; });
    const drilling = agent.call('drillJob', { jobId: 'job1' });
    await settle();
    expect((await agent.call('state', {})).jobs[0]?.drill?.running).toBe(true);
    const orders = world.engine.orders.length;
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    expect(world.engine.orders).toHaveLength(orders);
    finish(proven);
    await drilling;
    await settle();
    expect(world.engine.orders).toHaveLength(orders + 1);
    await agent.close();
  });

  test('a hub that does not understand a drill keeps the line', () => {
    const told = { type: 'log', level: 'info', message: 'x', drill: { outcome: 'something newer' } };
    expect(runEventBodySchema.parse(told)).toMatchObject({ type: 'log', level: 'info', message: 'x' });
  });
});

describe('words', () => {
  test('of drills', () => {
    const now = Date.parse('2026-05-06T12:00:00Z');
    expect(provenText({ last: null, provenAt: null }, now)).toBe('');
    expect(provenText({ last: { at: now - 2 * day, outcome: 'proven', reason: null }, provenAt: now - 2 * day }, now)).toBe('; last proven restorable 2 days ago');
    const drill = { jobId: 'a', startedAt: '', finishedAt: '', snapshotId: null, ...proven, databases: [{ name: 'x', outcome: 'loaded' as const, tables: 12, rows: 3401, message: null }] };
    expect(drillText(drill)).toBe('Restored and compared 20 files (4.20 MiB) and 1 database with 12 tables and 3,401 rows');
  });

  test('of dumps', () => {
    const name = (path: string): string | null => { const place = dumpAt(path); return place === null ? null : dumpName(place); };
    expect(name('/databases/postgresql/localhost:5432/my%2fshop.dump')).toBe('PostgreSQL database "my/shop"');
    expect(name('/databases/postgresql/%2frun%2fpg/globals.sql')).toBe('Roles of PostgreSQL at /run/pg');
    expect(name('/databases/sqlite/home/me/a.db')).toBe('SQLite database /home/me/a.db');
    expect(name('/databases/mysql/x/y/z.sql')).toBeNull();
    expect(name('/home/databases/mysql/x/z.sql')).toBeNull();
  });

  test('paths and patterns', () => {
    expect(exactPattern('/a*b/[c]?\\')).toBe('/a\\*b/\\[c\\]\\?\\\\');
    expect(snapshotPathSchema.safeParse('/a/../b').success).toBe(false);
    expect(snapshotPathSchema.safeParse('a').success).toBe(false);
    expect(snapshotPathSchema.safeParse('/a/..b').success).toBe(true);
  });
});
