import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openJournal, type RunJournal } from '../../../main/agent/journal/journal.js';
import { readLines } from '../../../main/agent/journal/lines.js';
import type { RunEvent, RunEventBody } from '../../../main/shared/protocol/messages.js';
import { ManualClock, memoryLog, settle } from '../../helpers/agent-world.js';

const line = (n: number): RunEventBody => ({ type: 'log', level: 'info', message: String(n) });
const state = (n: number): RunEventBody => ({ type: 'queued', jobName: String(n), trigger: 'manual' });
const done: RunEventBody = { type: 'finished', state: 'failed', result: null, error: null };
const progress = (filesDone: number): RunEventBody =>
  ({ type: 'progress', progress: { phase: 'backing-up', filesDone, bytesDone: 0, filesTotal: null, bytesTotal: null, bytesStored: 0, errors: 0, currentPath: null } });
const text = (event: RunEvent): string => (event.event.type === 'log' ? event.event.message : event.event.type === 'queued' ? event.event.jobName : event.event.type);

let names = 0;
function open(log = memoryLog(), clock = new ManualClock()): RunJournal {
  return openJournal({ log, clock, newId: () => `journal${(names += 1)}`, logger: { log: () => undefined } });
}
/** The hub's rules in a few lines: the next number is stored, an old one ignored, any other refused. */
class Hub {
  readonly stored: string[] = [];
  private readonly acked = new Map<string, number>();
  has(id: string): number {
    return this.acked.get(id) ?? 0;
  }
  take(id: string, event: RunEvent): void {
    const last = this.has(id);
    if (event.seq <= last) return;
    if (event.seq !== last + 1) throw new Error(`a gap: ${event.seq} after ${last}`);
    this.acked.set(id, event.seq);
    this.stored.push(text(event));
  }
}

async function deliver(journal: RunJournal, hub: Hub, limit: number, ack: boolean): Promise<void> {
  if ((await journal.resume(hub.has(journal.id))) === 'restarted') expect(await journal.resume(hub.has(journal.id))).toBe('continued');
  let sent = hub.has(journal.id);
  for (const event of await journal.take(sent, limit)) {
    hub.take(journal.id, event);
    sent = event.seq;
  }
  if (ack && sent > 0) await journal.acked(sent);
}

test('events keep their order and their numbers across restarts, and leave when acknowledged', async () => {
  const log = memoryLog();
  const first = open(log);
  for (let n = 1; n <= 5; n += 1) await first.record('r', 'j', n % 2 === 0 ? state(n) : line(n));
  expect((await first.take(0, 3)).map((event) => [event.seq, text(event)])).toEqual([[1, '1'], [2, '2'], [3, '3']]);
  await first.acked(3);
  const second = open(memoryLog(log.lines));
  expect(second.id).toBe(first.id);
  expect((await second.take(0, 10)).map((event) => event.seq)).toEqual([4, 5]);
  expect(await second.resume(4)).toBe('continued');
  expect((await second.take(4, 10)).map((event) => event.seq)).toEqual([5]);
  await second.acked(99); // never sent: ignored
  expect((await second.take(4, 10)).length).toBe(1);
});

test('only the newest progress of a run is sent, once all else is acknowledged, and never after its end', async () => {
  const clock = new ManualClock();
  const journal = open(memoryLog(), clock);
  await journal.record('r', 'j', state(1));
  for (let n = 1; n <= 50; n += 1) await journal.record('r', 'j', progress(n));
  expect((await journal.take(0, 100)).map(text)).toEqual(['1']);
  await journal.acked(1);
  const [newest, ...others] = await journal.take(1, 100);
  expect(newest).toMatchObject({ seq: 2, event: { progress: { filesDone: 50 } } });
  expect(others).toEqual([]);
  await journal.acked(2);
  let told = 0;
  journal.onChange(() => { told += 1; });
  await journal.record('r', 'j', progress(51));
  expect(await journal.take(2, 100)).toEqual([]); // a moment ago
  const before = told;
  await clock.pass(1_000);
  expect(told).toBe(before + 1);
  await journal.record('r', 'j', done);
  expect((await journal.take(2, 100)).map((event) => event.event.type)).toEqual(['finished']);
});

test('an event that the hub would refuse is refused here', async () => {
  await expect(open().record('r', 'j', { type: 'log', level: 'info', message: 'x'.repeat(9_000) })).rejects.toMatchObject({ code: 'internal' });
});

test('a write that fails rejects, and nothing is missing once writing works again', async () => {
  const log = memoryLog();
  const journal = open(log);
  await journal.record('r', 'j', state(1));
  const append = log.append.bind(log);
  log.append = () => Promise.reject(new Error('disk full'));
  await expect(journal.record('r', 'j', state(2))).rejects.toThrow('disk full');
  log.append = append;
  await journal.record('r', 'j', state(3));
  expect((await journal.take(0, 10)).map((event) => event.seq)).toEqual([1, 2, 3]);
  const found = readLines(log.lines);
  expect(found.intact).toBe(true);
  expect(found.events.map(text)).toEqual(['1', '2', '3']);
});

test('a hub restored from an old copy, and a computer restored from one, begin a new journal instead of losing events', async () => {
  const log = memoryLog();
  const journal = open(log);
  for (let n = 1; n <= 4; n += 1) await journal.record('r', 'j', state(n));
  await journal.acked(3);
  const name = journal.id;
  expect(await journal.resume(1)).toBe('restarted'); // the hub forgot 2 and 3, which are gone here
  expect(journal.id).not.toBe(name);
  expect((await journal.take(0, 10)).map((event) => [event.seq, text(event)])).toEqual([[1, '4']]);

  const old = open(memoryLog(log.lines));
  await old.record('r', 'j', state(5));
  expect(await old.resume(7)).toBe('restarted'); // the hub has what this disk lost
  expect((await old.take(0, 10)).map(text)).toEqual(['5']);
});

test('any mix of recording, sending, lost acknowledgements and crashes delivers each event once and in order', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('record' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('deliver' as const), limit: fc.integer({ min: 1, max: 8 }), ack: fc.boolean() }),
    fc.record({ do: fc.constant('crash' as const) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    let log = memoryLog();
    let journal = open(log);
    const hub = new Hub();
    let n = 0;
    for (const action of steps) {
      if (action.do === 'record') {
        for (let i = 0; i < action.count; i += 1) await journal.record('r', 'j', (n += 1) % 3 === 0 ? state(n) : line(n));
      } else if (action.do === 'deliver') {
        await deliver(journal, hub, action.limit, action.ack);
      } else {
        log = memoryLog(log.lines);
        journal = open(log);
      }
    }
    while (hub.stored.length < n) await deliver(journal, hub, 100, true);
    expect(hub.stored).toEqual(Array.from({ length: n }, (_, i) => String(i + 1)));
  }), { numRuns: 150 });
});

test('a log cut off anywhere never stops the journal, never sends an event twice, and what is recorded later arrives', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 12 }), fc.nat(40), fc.boolean(), async (events, delivered, cut, ack) => {
    const log = memoryLog();
    const journal = open(log);
    const hub = new Hub();
    for (let n = 1; n <= events; n += 1) await journal.record('r', 'j', state(n));
    if (delivered > 0) await deliver(journal, hub, delivered, ack);
    await settle();
    const later = open(memoryLog(log.lines.slice(0, cut)));
    await later.record('r', 'j', state(100));
    for (let i = 0; i < 3; i += 1) await deliver(later, hub, 100, true);
    expect(new Set(hub.stored).size).toBe(hub.stored.length);
    expect(hub.stored.at(-1)).toBe('100');
  }), { numRuns: 200 });
});

test('a damaged line in the middle begins a new journal with what can be read', async () => {
  const log = memoryLog();
  const journal = open(log);
  for (let n = 1; n <= 3; n += 1) await journal.record('r', 'j', state(n));
  const lines = log.lines.map((entry, index) => (index === 2 ? '{"kind":"run.ev' : entry));
  const later = open(memoryLog(lines));
  expect(later.id).not.toBe(journal.id);
  expect((await later.take(0, 10)).map((event) => [event.seq, text(event)])).toEqual([[1, '1'], [2, '3']]);
});

test('the file stays small: acknowledged events leave it', async () => {
  const log = memoryLog();
  const journal = open(log);
  for (let n = 1; n <= 3_000; n += 1) {
    await journal.record('r', 'j', line(n));
    await journal.acked(n);
  }
  expect(log.lines.length).toBeLessThan(1_100);
  expect(readLines(log.lines)).toMatchObject({ intact: true, acked: 3_000, events: [] });
});
