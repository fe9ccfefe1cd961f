/** Whatever comes in frames: the hub closes that connection, stores nothing of it, and serves everybody else. */
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { expect, onTestFinished, test } from 'vitest';
import type { HubClock } from '../../../main/hub/index.js';
import { maxFrameBytes, subprotocol } from '../../../main/shared/protocol/messages.js';
import { draft, realClock, testAgent, testHub, until, type TestHub } from './office.js';

function open(hub: TestHub, token: string): { socket: WebSocket; opened: Promise<void>; closed: Promise<number> } {
  const socket = new WebSocket(`${hub.url.replace('https', 'wss')}/tunnel`, subprotocol, { rejectUnauthorized: false, perMessageDeflate: false, headers: { authorization: `Bearer ${token}` } });
  socket.on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return {
    socket,
    opened: new Promise((resolve) => { socket.on('open', () => resolve()); }),
    closed: new Promise((resolve) => { socket.on('close', (code) => resolve(code)); }),
  };
}

const hello = (change: object = {}): object => ({ kind: 'hello', version: '1', host: 'h', os: 'linux', arch: 'x64', capabilities: [], clock: '2026-01-01T00:00:00.000Z', jobsRevision: 0, journalId: 'j1', ...change });
const event = (jobId: string, seq: number): object => ({ kind: 'run.event', seq, at: '2026-01-01T00:00:00.000Z', runId: 'run', jobId, event: { type: 'log', level: 'info', message: 'text' } });

/** A right message with one of its parts replaced by something else, anywhere in it. */
const mutated = (messages: readonly object[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...messages), fc.nat(), fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.constantFrom(-1, 0, 1e308, '\0', '\u{10ffff}', '__proto__'))).map(([message, where, instead]) => {
    const copy = structuredClone(message) as Record<string, unknown>;
    const places: [Record<string, unknown>, string][] = [];
    const walk = (node: Record<string, unknown>): void => {
      for (const key of Object.keys(node)) {
        places.push([node, key]);
        const inner = node[key];
        if (typeof inner === 'object' && inner !== null) walk(inner as Record<string, unknown>);
      }
    };
    walk(copy);
    const [node, key] = places[where % places.length] ?? [copy, 'kind'];
    node[key] = instead;
    return JSON.stringify(copy);
  });

test('random and mutated frames, binary ones, numbers of the past and the future, deep JSON, too much at once', { timeout: 120_000 }, async () => {
  const hub = await testHub();
  const quiet = await hub.admin.addAgent({ name: 'quiet' });
  const witness = testAgent(hub, quiet);
  witness.start();
  await witness.connected();
  const made = await hub.admin.addAgent({ name: 'odd' });
  const job = await hub.admin.createJob({ agentId: made.id, draft: draft() });
  const others = { kind: 'response', id: '9', ok: true, result: { a: 1 } };
  const request = { kind: 'request', id: '1', method: 'jobs.create', params: { draft: draft({ name: 'made by the agent' }) }, deadlineMs: 1000 };
  const right = [hello(), event(job.id, 1), others, request, { kind: 'request.cancel', id: '1' }];
  const frame: fc.Arbitrary<string | Buffer> = fc.oneof(
    mutated(right), mutated(right), fc.string({ maxLength: 200, unit: 'binary' }), fc.json(), fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(JSON.stringify(event(job.id, 2 ** 53)), JSON.stringify(event(job.id, 7)), JSON.stringify(event(job.id, 0)), '['.repeat(200_000), `{"kind":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`),
  );
  await fc.assert(fc.asyncProperty(fc.boolean(), fc.array(frame, { minLength: 1, maxLength: 12 }), async (greets, frames) => {
    const { socket, opened, closed } = open(hub, made.token);
    await opened;
    if (greets) socket.send(JSON.stringify(hello()));
    for (const one of frames) socket.send(one);
    // What was right does not end the connection; a last frame that never is, does.
    socket.send('the end');
    expect([1011, 4400]).toContain(await closed);
    await until(async () => (await hub.admin.listAgents({})).every(({ name, online }) => online === (name === 'quiet')));
  }), { numRuns: 25, endOnFailure: true });

  const big = open(hub, made.token);
  await big.opened;
  big.socket.send('x'.repeat(maxFrameBytes + 1));
  expect(await big.closed).not.toBe(1000);
  expect(witness.tunnel.connection.state).toBe('connected');
  expect(witness.states.filter(({ state }) => state === 'connected')).toHaveLength(1);
  expect(hub.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  expect(hub.lines.join('\n')).not.toContain(made.token.split('|')[1] ?? '');
  // Whatever got through as a right message did what it says and no more: of this agent, and never twice.
  for (const { agentId } of await hub.admin.listRuns({})) expect(agentId).toBe(made.id);
  await until(async () => {
    const { closed, opened, socket } = open(hub, made.token);
    const answer = new Promise<string>((resolve) => { socket.on('message', (data: Buffer) => resolve(data.toString())); });
    await opened;
    socket.send(JSON.stringify(hello()));
    return String(await Promise.race([answer, closed])).includes('"welcome"');
  });
});

test('a hub that was too busy to read a hello for half a minute finds it all the same; one that never came is asked for again', async () => {
  let late: (() => void)[] = [];
  const clock: HubClock = { now: () => Date.now(), after: (ms, callback) => {
    if (ms !== 30_000) return realClock.after(ms, callback);
    late.push(callback);
    return () => { late = late.filter((other) => other !== callback); };
  } };
  const hub = await testHub({ clock });
  const [made, silent] = [await hub.admin.addAgent({ name: 'laptop' }), await hub.admin.addAgent({ name: 'silent' })];
  const { closed, opened, socket } = open(hub, made.token);
  await opened;
  const welcome = new Promise<string>((resolve) => { socket.on('message', (data: Buffer) => resolve(data.toString())); });
  socket.send(JSON.stringify(hello()));
  // In the same turn: the frame is on its way and nobody has read it.
  for (const callback of [...late]) callback();
  expect(await Promise.race([welcome, closed])).toContain('welcome');

  const second = open(hub, silent.token);
  await second.opened;
  await until(() => late.length > 0);
  for (const callback of [...late]) callback();
  expect(await second.closed).toBe(1013);
});
