import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FailureLimit } from '../../../main/hub/api/failure-limit.js';
import { dueAfter } from '../../../main/hub/jobs/due.js';
import { applyEvent, runFrom } from '../../../main/hub/runs/reduce.js';
import { hashSecret, newId, newSecret, secretMatches } from '../../../main/hub/store/tokens.js';
import { tokenSchema } from '../../../main/shared/protocol/token.js';
import type { RunEvent, RunEventBody } from '../../../main/shared/protocol/messages.js';
import type { RunRow } from '../../../main/hub/store/schema.js';

const at = '2026-05-04T12:00:00.000Z';
const event = (body: RunEventBody): RunEvent => ({ kind: 'run.event', seq: 1, at, runId: 'r', jobId: 'j', event: body });
const finished = (state: 'succeeded' | 'interrupted' | 'cancelled'): RunEvent => event({ type: 'finished', state, result: null, error: null });
const started = event({ type: 'started' });
const progress = event({ type: 'progress', progress: { phase: 'backing-up', filesDone: 1, bytesDone: 1, filesTotal: null, bytesTotal: null, bytesStored: 0, errors: 0, currentPath: null } });
const play = (events: readonly RunEvent[], from: Partial<RunRow> = {}): RunRow => events.reduce(applyEvent, { ...runFrom(1, started, 'Documents'), ...from });

test('a run goes from queued to its end, and any event answers the order', () => {
  expect(play([event({ type: 'queued', jobName: 'New name', trigger: 'catch-up' })], { awaiting: 1 })).toMatchObject({ state: 'queued', job_name: 'New name', trigger: 'catch-up', awaiting: 0 });
  expect(play([started, progress])).toMatchObject({ state: 'running', started_at: Date.parse(at), progress: expect.stringContaining('backing-up') as string });
  expect(play([started, progress, finished('succeeded')], { cancelling: 1 })).toMatchObject({ state: 'succeeded', progress: null, cancelling: 0, finished_at: Date.parse(at) });
});

test('what the hub had assumed gives way to what the agent says', () => {
  expect(play([started], { state: 'interrupted', finished_at: 5 })).toMatchObject({ state: 'running', finished_at: null });
  expect(play([finished('succeeded')], { state: 'cancelled' })).toMatchObject({ state: 'succeeded' });
});

test('nothing after the end begins a run again', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(started, progress, event({ type: 'log', level: 'info', message: 'x' })), { maxLength: 8 }), (after) => {
    expect(play([started, finished('cancelled'), ...after])).toMatchObject({ state: 'cancelled', progress: null });
  }));
});

test('wrong tokens are counted per address and minute, and memory stays bounded', () => {
  let now = 0;
  const limit = new FailureLimit({ now: () => now });
  expect(Array.from({ length: 21 }, () => limit.failed('::ffff:10.0.0.1')).filter(Boolean).length).toBe(20);
  expect(limit.failed('10.0.0.1')).toBe(false); // the same address written otherwise
  expect(limit.failed('10.0.0.2')).toBe(true);
  now = 60_000;
  expect(limit.failed('10.0.0.1')).toBe(true);
  for (let i = 0; i < 20_000; i += 1) limit.failed(`a${i}`);
  expect(limit.failed('10.0.0.1')).toBe(true);
});

test('lateness follows the timezone of the agent\'s computer, and an unknown one does no harm', () => {
  const schedule = { type: 'times' as const, times: ['09:00'] };
  const from = Date.parse('2026-05-04T00:00:00Z');
  expect(dueAfter(schedule, from, 'Asia/Tokyo')).toEqual({ due_at: Date.parse('2026-05-05T00:00:00Z'), interval_ms: 86_400_000 });
  expect(dueAfter(schedule, from, 'Europe/Berlin').due_at).toBe(Date.parse('2026-05-04T07:00:00Z'));
  expect(dueAfter(schedule, from, 'Moon/Crater').due_at).not.toBeNull();
  expect(dueAfter({ type: 'manual' }, from, null)).toEqual({ due_at: null, interval_ms: null });
});

test('secrets have the shape of a token, differ, and match only themselves', () => {
  const secrets = Array.from({ length: 200 }, () => newSecret());
  expect(new Set(secrets).size).toBe(200);
  for (const secret of secrets) expect(tokenSchema.safeParse(`1|${secret}`).success).toBe(true);
  expect(secretMatches(secrets[0] ?? '', hashSecret(secrets[0] ?? ''))).toBe(true);
  expect(secretMatches(secrets[1] ?? '', hashSecret(secrets[0] ?? ''))).toBe(false);
});

test('an id is a word of the command line, never an option', () => {
  const ids = Array.from({ length: 500 }, () => newId());
  expect(new Set(ids).size).toBe(500);
  for (const id of ids) expect(id).toMatch(/^[0-9a-z][0-9a-z_-]*$/i);
});
