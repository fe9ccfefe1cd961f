import { expect, test } from 'vitest';
import { Backoff } from '../../../main/agent/tunnel/backoff.js';

test('waits grow from 1 s to 5 minutes, anywhere between shortest and ceiling', () => {
  const lowest = new Backoff(() => 0);
  const highest = new Backoff(() => 0.999999);
  const waits = Array.from({ length: 12 }, () => highest.next());
  expect(waits.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000]);
  expect(waits.at(-1)).toBe(300_000);
  for (let i = 0; i < 50; i += 1) expect(lowest.next()).toBe(1_000);
});

test('only a connection that held for a minute starts the waits over', () => {
  const backoff = new Backoff(() => 0.999999);
  for (let i = 0; i < 5; i += 1) backoff.next();
  backoff.connectionLasted(59_999);
  expect(backoff.next()).toBe(64_000);
  backoff.connectionLasted(60_000);
  expect(backoff.next()).toBe(2_000);
});
