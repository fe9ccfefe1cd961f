import { expect, test } from 'vitest';
import { Heartbeat } from '../../../main/shared/protocol/heartbeat.js';
import { ManualClock } from '../../helpers/agent-world.js';

function beat(): { clock: ManualClock; heartbeat: Heartbeat; pings: number; dead: number } {
  const clock = new ManualClock();
  const seen = { clock, pings: 0, dead: 0 };
  const heartbeat = new Heartbeat({ after: (ms, callback) => clock.after(ms, callback), ping: () => { seen.pings += 1; }, dead: () => { seen.dead += 1; } });
  return Object.assign(seen, { heartbeat });
}

test('a silent peer is found within 45 s and not before 40', async () => {
  const seen = beat();
  await seen.clock.pass(2_000);
  seen.heartbeat.heard();
  await seen.clock.pass(39_999);
  expect(seen.dead).toBe(0);
  await seen.clock.pass(5_001);
  expect(seen.dead).toBe(1);
  await seen.clock.pass(600_000);
  expect(seen.dead).toBe(1);
});

test('a peer that speaks lives, and is pinged every 15 s', async () => {
  const seen = beat();
  for (let i = 0; i < 20; i += 1) {
    await seen.clock.pass(15_000);
    seen.heartbeat.heard();
  }
  expect(seen.dead).toBe(0);
  expect(seen.pings).toBe(20);
});

test('a probe tells the living from the dead', async () => {
  const seen = beat();
  const answered = seen.heartbeat.probe();
  seen.heartbeat.heard();
  await expect(answered).resolves.toBe(true);
  const silent = seen.heartbeat.probe();
  await seen.clock.pass(2_000);
  await expect(silent).resolves.toBe(false);
  const open = seen.heartbeat.probe();
  seen.heartbeat.stop();
  await expect(open).resolves.toBe(false);
});
