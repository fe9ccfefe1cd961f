import { expect, test } from 'vitest';
import { cutProxy } from './cut-proxy.js';
import { testAgent, testHub, until } from './office.js';

test('a second agent with the same token is dropped at once with 4409, and the first stays', async () => {
  const hub = await testHub();
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const first = testAgent(hub, made);
  first.start();
  await first.connected();
  const before = first.tunnel.connection.since;
  const second = testAgent(hub, made);
  second.start();
  await until(() => second.tunnel.connection.state === 'waiting');
  expect(second.tunnel.connection.lastError).toMatchObject({ code: 'already-connected' });
  expect(second.states.some((state) => state.state === 'connected')).toBe(false);
  expect(first.tunnel.connection).toMatchObject({ state: 'connected', since: before });
  // When the first goes, the second gets its place.
  await first.tunnel.stop('paused');
  second.tunnel.nudge();
  await second.connected();
});

test('a first connection whose network went away without a word gives way to the second', async () => {
  const hub = await testHub();
  const made = await hub.admin.addAgent({ name: 'laptop' });
  const proxy = await cutProxy(Number(new URL(hub.url).port));
  const throughProxy = { ...hub, url: `https://127.0.0.1:${proxy.port}` };
  const asleep = testAgent(throughProxy, made);
  asleep.start();
  await asleep.connected();
  proxy.stall();
  const woken = testAgent(hub, made);
  woken.start();
  await woken.connected();
  expect(woken.states.some((state) => state.lastError?.code === 'already-connected')).toBe(false);
  // The one that slept finds out by itself when it looks.
  asleep.tunnel.nudge();
  await until(() => asleep.tunnel.connection.state === 'waiting');
  expect(woken.tunnel.connection.state).toBe('connected');
});
