/** What is unusual for a job, and what is held because of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAgent } from '../../../main/agent/agent.js';
import { unusual, type Changes } from '../../../main/agent/care/judge.js';
import { headFits } from '../../../main/agent/care/magic.js';
import { createWorld, settle, someJob, someResult } from '../../helpers/agent-world.js';

const changes = (before: number, changed: number, removed = 0, unreadable = 0): Changes => ({ before, changed, removed, unreadable });
const calm = [changes(1000, 4), changes(1000, 0, 2), changes(1000, 12, 1)];

describe('the judge', () => {
  test('sees encryption in the second run already, and floods of changes once it knows what is usual', () => {
    expect(unusual(changes(1000, 900, 0, 900), [])).toMatch(/^900 of 1,?000 files cannot be read any more/);
    expect(unusual(changes(1000, 900), [])).toBeNull();
    expect(unusual(changes(1000, 900), calm)).toMatch(/900 of 1,?000 files have changed/);
    expect(unusual(changes(1000, 0, 800), calm)).toMatch(/800 of 1,?000 files are gone/);
  });

  test('lets a job that always changes change', () => {
    expect(unusual(changes(1000, 950), [changes(1000, 980), changes(1000, 900), changes(1000, 990)])).toBeNull();
  });

  const run = fc.record({ before: fc.nat(5000), changed: fc.nat(5000), removed: fc.nat(5000), unreadable: fc.nat(5000) })
    .map(({ before, changed, removed, unreadable }) => ({ before: Math.max(before, changed, removed, unreadable), changed, removed, unreadable }));
  test('never minds fewer than 20 files, nor what has been before; more of the same never calms it', () => {
    fc.assert(fc.property(run, fc.array(run, { maxLength: 30 }), (now, earlier) => {
      if (Math.max(now.changed, now.removed, now.unreadable) < 20) expect(unusual(now, earlier)).toBeNull();
      expect(unusual(now, [...earlier, now])).toBeNull();
      if (unusual(now, earlier) !== null) expect(unusual({ ...now, unreadable: now.before }, earlier)).not.toBeNull();
    }));
  });
});

test('the beginning of a file is told from what its kind begins with', () => {
  const head = (text: string): Uint8Array => Buffer.from(text, 'latin1');
  expect(headFits('/a/b.JPG', head('\xff\xd8\xff\xe0 exif'))).toBe(true);
  expect(headFits('/a/b.jpg', head('\x12\x99 random bytes'))).toBe(false);
  expect(headFits('/a/film.mp4', head('\0\0\0\x20ftypisom'))).toBe(true);
  expect(headFits('/a/letter.docx', head('PK\x03\x04'))).toBe(true);
  for (const path of ['/a/notes.txt', '/a/none', '/a/.png', '/a/b.constructor']) expect(headFits(path, head('anything'))).toBeNull();
  expect(headFits('/a/empty.pdf', head(''))).toBeNull();
});

test('an alarm is a warning of the run, holds what is old, is the status of the job, and one yes ends it', async () => {
  const world = createWorld({ jobs: [someJob({ retention: { keepLast: 1 } })] });
  const forgotten: string[] = [];
  let found = { changed: 0, removed: 0, scrambled: 0, changedPaths: [] as string[] };
  world.engine.forget = () => { forgotten.push('once'); return Promise.resolve({ removed: 0 }); };
  world.engine.upheaval = () => Promise.resolve(found);
  const agent = createAgent({ ...world.options, isOwnHub: () => Promise.resolve(true) });
  await agent.start();
  const run = async (snapshot: string): Promise<void> => {
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    world.engine.pending.pop()?.resolve(someResult({ snapshotId: snapshot.repeat(64), treeId: snapshot.repeat(64), filesUnmodified: 500 }));
    await settle();
  };
  await run('1');
  await run('2');
  expect(forgotten).toHaveLength(2);
  found = { changed: 400, removed: 0, scrambled: 390, changedPaths: ['/home/me/a.txt'] };
  await run('3');
  found = { changed: 0, removed: 0, scrambled: 0, changedPaths: [] };
  await run('4');
  expect(forgotten).toHaveLength(2);
  const { jobs: [view], runs } = await agent.call('state', {});
  expect(view?.alarm).toMatchObject({ id: '3'.repeat(12), before: '2'.repeat(64) });
  expect(view?.status).toMatchObject({ status: 'At risk', reason: expect.stringContaining('390 of 500 files') as string });
  expect(runs.map(({ result }) => result?.warnings.length)).toEqual([0, 1, 0, 0]);
  await agent.call('acceptChanges', { jobId: 'job1' });
  expect((await agent.call('state', {})).jobs[0]).toMatchObject({ alarm: null, status: { status: 'Protected' } });
  await run('5');
  expect(forgotten).toHaveLength(3);
  await expect(agent.call('acceptChanges', { jobId: 'job1' })).rejects.toMatchObject({ code: 'not-found' });
  await agent.close();
});
