import { expect, test } from 'vitest';
import { openJournal } from '../../../main/agent/journal/journal.js';
import { createTunnel } from '../../../main/agent/tunnel/tunnel.js';
import type { Dial, WireListener } from '../../../main/agent/tunnel/wire.js';
import type { Tunnel } from '../../../main/agent/tunnel-port.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { ManualClock, memoryLog, settle } from '../../helpers/agent-world.js';

interface FakeHub {
  readonly clock: ManualClock;
  readonly tunnel: Tunnel;
  readonly dials: { listener: WireListener; sent: unknown[]; pings: number; ended: string | null }[];
  readonly calls: string[];
  jobsFail: boolean;
  welcome(): Promise<void>;
  say(message: unknown): Promise<void>;
}

const identity = { url: 'https://hub.example', fingerprint: null, token: `1|${'a'.repeat(40)}` };
const unreachable = new HoldfastError('hub-unreachable', 'No hub answers.');

function fakeHub(random = 0.999999): FakeHub {
  const clock = new ManualClock();
  const dials: FakeHub['dials'] = [];
  const dial: Dial = (_identity, listener) => {
    const entry = { listener, sent: [] as unknown[], pings: 0, ended: null as string | null };
    dials.push(entry);
    const end = (how: string, code: number): void => {
      entry.ended ??= how;
      setImmediate(() => listener.closed(code, '', null));
    };
    return {
      send: (text) => { entry.sent.push(JSON.parse(text)); },
      ping: () => { entry.pings += 1; },
      close: (code) => end(`close ${code}`, code),
      terminate: () => end('terminate', 1006),
    };
  };
  const journal = openJournal({ log: memoryLog(), clock, newId: () => 'j1', logger: { log: () => undefined } });
  const calls: string[] = [];
  const tunnel = createTunnel({
    dial, clock, random: () => random, logger: { log: () => undefined }, journal,
    hello: () => ({ version: '1', host: 'h', os: 'linux', arch: 'x64', capabilities: [], jobsRevision: 3 }),
    events: {
      connection: () => undefined,
      jobs: (revision) => {
        calls.push(`jobs ${revision}`);
        return world.jobsFail ? Promise.reject(new Error('disk')) : Promise.resolve();
      },
      runStart: (runId, jobId) => { calls.push(`start ${runId} ${jobId}`); },
      runCancel: (runId) => { calls.push(`cancel ${runId}`); },
      request: (_method, params) => ('jobId' in params && params.jobId === 'no' ? Promise.reject(new HoldfastError('not-found', 'No such job.')) : Promise.resolve({ snapshots: [] }) as never),
    },
  });
  const world: FakeHub = {
    clock, tunnel, dials, calls, jobsFail: false,
    welcome: async () => {
      dials.at(-1)?.listener.opened();
      await world.say({ kind: 'welcome', version: '1', hubName: 'Hub', agentId: '1', agentName: 'laptop', clock: new Date(clock.now()).toISOString(), ackedSeq: 0 });
    },
    say: async (message) => {
      dials.at(-1)?.listener.heard();
      dials.at(-1)?.listener.text(JSON.stringify(message));
      await settle();
    },
  };
  return world;
}

test('connects, says hello first, and is connected only when welcomed', async () => {
  const hub = fakeHub();
  expect(hub.tunnel.connection.state).toBe('not-joined');
  hub.tunnel.start(identity);
  expect(hub.tunnel.connection.state).toBe('connecting');
  hub.dials[0]?.listener.opened();
  expect(hub.dials[0]?.sent).toEqual([expect.objectContaining({ kind: 'hello', journalId: 'j1', jobsRevision: 3 })]);
  expect(hub.tunnel.connection.state).toBe('connecting');
  await hub.say({ kind: 'welcome', version: '1', hubName: 'Hub', agentId: '1', agentName: 'laptop', clock: '2026-05-04T12:00:00Z', ackedSeq: 0 });
  expect(hub.tunnel.connection).toMatchObject({ state: 'connected', hub: identity.url, hubName: 'Hub', nextAttemptAt: null });
  hub.tunnel.start(identity); // the same again changes nothing
  expect(hub.dials.length).toBe(1);
  await hub.tunnel.stop('paused');
  expect(hub.tunnel.connection).toMatchObject({ state: 'paused', hub: identity.url });
  expect(hub.dials[0]?.ended).toBe('close 1000');
});

test('waits longer after each failure, shows when it tries next, and a nudge ends the wait', async () => {
  const hub = fakeHub();
  hub.tunnel.start(identity);
  for (const wait of [2_000, 4_000, 8_000]) {
    hub.dials.at(-1)?.listener.closed(1006, '', unreachable);
    expect(hub.tunnel.connection).toMatchObject({ state: 'waiting', nextAttemptAt: new Date(hub.clock.now() + wait).toISOString(), lastError: { code: 'hub-unreachable' } });
    const before = hub.dials.length;
    await hub.clock.pass(wait - 1);
    expect(hub.dials.length).toBe(before);
    await hub.clock.pass(1);
    expect(hub.dials.length).toBe(before + 1);
  }
  hub.dials.at(-1)?.listener.closed(1006, '', unreachable);
  hub.tunnel.nudge();
  expect(hub.tunnel.connection.state).toBe('connecting');
  hub.dials.at(-1)?.listener.closed(1006, '', unreachable);
  expect(Date.parse(hub.tunnel.connection.nextAttemptAt ?? '') - hub.clock.now()).toBe(2_000);
});

test.each([[4401, 'token-unknown'], [4403, 'token-revoked'], [4426, 'upgrade-needed']])('%i is for good: it stops, says why, and neither time nor wake brings it back', async (code, error) => {
  const hub = fakeHub();
  hub.tunnel.start(identity);
  hub.dials[0]?.listener.closed(code, '', null);
  expect(hub.tunnel.connection).toMatchObject({ state: 'stopped', nextAttemptAt: null, lastError: { code: error } });
  hub.tunnel.nudge();
  await hub.clock.pass(3_600_000);
  expect(hub.dials.length).toBe(1);
  hub.tunnel.start({ ...identity, token: `2|${'b'.repeat(40)}` });
  expect(hub.dials.length).toBe(2);
});

test.each([[4409, 'already-connected'], [4400, 'protocol-violation']])('%i is tried again later', (code, error) => {
  const hub = fakeHub();
  hub.tunnel.start(identity);
  hub.dials[0]?.listener.closed(code, '', null);
  expect(hub.tunnel.connection).toMatchObject({ state: 'waiting', lastError: { code: error } });
});

test('a hub that accepts and says nothing is given up, before and after the welcome', async () => {
  const hub = fakeHub();
  hub.tunnel.start(identity);
  hub.dials[0]?.listener.opened();
  await hub.clock.pass(30_000);
  expect(hub.dials[0]?.ended).toBe('terminate');
  await hub.clock.pass(2_000);
  await hub.welcome();
  await hub.clock.pass(45_000);
  expect(hub.dials[1]?.ended).toBe('terminate');
  expect(hub.tunnel.connection.state).toBe('waiting');
});

test('after a wake a dead connection is replaced within seconds', async () => {
  const hub = fakeHub();
  hub.tunnel.start(identity);
  await hub.welcome();
  hub.tunnel.nudge();
  expect(hub.dials[0]?.pings).toBe(1);
  await hub.clock.pass(5_000);
  expect(hub.dials[0]?.ended).toBe('terminate');
  await hub.clock.pass(2_000);
  expect(hub.dials.length).toBe(2);
});

test('a run is started only after the job set before it was stored; what cannot be stored comes again', async () => {
  const hub = fakeHub();
  hub.tunnel.start(identity);
  await hub.welcome();
  hub.dials[0]?.listener.text(JSON.stringify({ kind: 'jobs.sync', revision: 4, jobs: [] }));
  hub.dials[0]?.listener.text(JSON.stringify({ kind: 'run.start', runId: 'r1', jobId: 'j1' }));
  hub.dials[0]?.listener.text(JSON.stringify({ kind: 'run.cancel', runId: 'r1' }));
  await settle();
  expect(hub.calls).toEqual(['jobs 4', 'start r1 j1', 'cancel r1']);
  hub.jobsFail = true;
  hub.dials[0]?.listener.text(JSON.stringify({ kind: 'jobs.sync', revision: 5, jobs: [] }));
  hub.dials[0]?.listener.text(JSON.stringify({ kind: 'run.start', runId: 'r2', jobId: 'j2' }));
  await settle();
  expect(hub.calls.at(-1)).toBe('jobs 5');
  expect(hub.tunnel.connection.state).toBe('waiting');
});

test.each(['{', '{"kind":"hello"}', '{"kind":"run.start"}', '{"kind":"ack","seq":7}', '[]', 'null'])('a hub that sends %s is closed with 4400', async (frame) => {
  const hub = fakeHub();
  hub.tunnel.start(identity);
  await hub.welcome();
  hub.dials[0]?.listener.text(frame);
  await settle();
  expect(hub.dials[0]?.ended).toBe('close 4400');
  expect(hub.tunnel.connection).toMatchObject({ state: 'waiting', lastError: { code: 'protocol-violation' } });
});

test('requests: answered, refused, unanswered, cut off', async () => {
  const hub = fakeHub();
  await expect(hub.tunnel.request('jobs.delete', { jobId: 'x' })).rejects.toMatchObject({ code: 'hub-unreachable' });
  hub.tunnel.start(identity);
  await hub.welcome();
  const answered = hub.tunnel.request('jobs.delete', { jobId: 'x' });
  expect(hub.dials[0]?.sent.at(-1)).toMatchObject({ kind: 'request', id: '1', method: 'jobs.delete', params: { jobId: 'x' } });
  await hub.say({ kind: 'response', id: '1', ok: true, result: {} });
  await expect(answered).resolves.toEqual({});
  const refused = expect(hub.tunnel.request('jobs.delete', { jobId: 'x' })).rejects.toMatchObject({ code: 'not-found' });
  await hub.say({ kind: 'response', id: '2', ok: false, error: { code: 'not-found', message: 'No.', retryable: false } });
  await refused;
  const late = hub.tunnel.request('jobs.delete', { jobId: 'x' });
  const expectation = expect(late).rejects.toMatchObject({ code: 'hub-unreachable' });
  await hub.clock.pass(30_000);
  await expectation;
  expect(hub.dials[0]?.sent.at(-1)).toEqual({ kind: 'request.cancel', id: '3' });
  const cut = expect(hub.tunnel.request('jobs.delete', { jobId: 'x' })).rejects.toMatchObject({ code: 'hub-unreachable' });
  hub.dials[0]?.listener.closed(1006, '', null);
  await cut;
});

test('requests of the hub are answered, and wrong ones refused without closing', async () => {
  const hub = fakeHub();
  hub.tunnel.start(identity);
  await hub.welcome();
  const ask = async (id: string, method: string, params: unknown): Promise<unknown> => {
    await hub.say({ kind: 'request', id, method, params, deadlineMs: 1_000 });
    return hub.dials[0]?.sent.at(-1);
  };
  expect(await ask('a', 'snapshots.list', { jobId: 'yes' })).toEqual({ kind: 'response', id: 'a', ok: true, result: { snapshots: [] } });
  expect(await ask('b', 'snapshots.list', { jobId: 'no' })).toMatchObject({ id: 'b', ok: false, error: { code: 'not-found' } });
  expect(await ask('c', 'snapshots.list', {})).toMatchObject({ id: 'c', ok: false, error: { code: 'usage' } });
  expect(await ask('d', 'toString', {})).toMatchObject({ id: 'd', ok: false, error: { code: 'upgrade-needed' } });
  expect(hub.tunnel.connection.state).toBe('connected');
});
