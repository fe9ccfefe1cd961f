import fc from 'fast-check';
import { expect, test } from 'vitest';
import { folderOf, parseTarget, pathOf } from '../../../main/hub/storage/layout.js';
import { grace, Ledger, type LedgerPorts, type Limits } from '../../../main/hub/storage/ledger.js';
import { parseRange } from '../../../main/hub/storage/range.js';

const name = 'ab'.repeat(32);

test('addresses are restic\'s and no others', () => {
  expect(parseTarget('/storage/7/')).toEqual({ agentId: 7, what: 'repository' });
  expect(parseTarget('/storage/7')).toEqual({ agentId: 7, what: 'repository' });
  expect(parseTarget('/storage/7/config')).toEqual({ agentId: 7, what: 'file', file: { kind: 'config' } });
  expect(parseTarget('/storage/7/data/')).toEqual({ agentId: 7, what: 'list', kind: 'data' });
  expect(parseTarget(`/storage/7/data/${name}`)).toEqual({ agentId: 7, what: 'file', file: { kind: 'data', name } });
  for (const wrong of ['/storage/', '/storage/0/', '/storage/x/', '/storage/07/', '/storage/7/nothing/', '/storage/7/config/', `/storage/7/data/${name}/`, `/storage/7/data/ab/${name}`,
    '/storage/7/data/..', `/storage/7/data/${name.toUpperCase()}`, '/storage/7/../8/config', '/storage/7/data/%2e%2e%2fconfig', '/storage/7//config', '/storage/99999999999999999/']) {
    expect(parseTarget(wrong), wrong).toBeNull();
  }
});

test('whatever an address says, the file is inside the folder of that agent', () => {
  const piece = fc.oneof(fc.constantFrom('..', '.', '', 'data', 'config', 'locks', '%2e%2e', '\\..', name, '/etc', '\0'), fc.string());
  fc.assert(fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
    const target = parseTarget(`/storage/12/${pieces.join('/')}`);
    if (target?.what !== 'file') return;
    expect(pathOf('/root/12', target.file).startsWith('/root/12/')).toBe(true);
    expect(folderOf('/root/12', target.file)).not.toContain('..');
  }));
});

test('ranges as RFC 9110 has them', () => {
  expect(parseRange(undefined, 10)).toBeNull();
  expect(parseRange('bytes=0-0', 10)).toEqual({ start: 0, length: 1 });
  expect(parseRange('bytes=4-', 10)).toEqual({ start: 4, length: 6 });
  expect(parseRange('bytes=4-100', 10)).toEqual({ start: 4, length: 6 });
  expect(parseRange('bytes=-3', 10)).toEqual({ start: 7, length: 3 });
  expect(parseRange('bytes=-30', 10)).toEqual({ start: 0, length: 10 });
  for (const behind of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) expect(parseRange(behind, 10), behind).toBe('unsatisfiable');
  for (const ignored of ['bytes=5-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=x-', 'bytes=-']) expect(parseRange(ignored, 10), ignored).toBeNull();
});

const MiB = 1024 * 1024;
function ledgerOf(change: Partial<LedgerPorts> = {}): Ledger {
  return new Ledger({ now: () => 0, measure: () => Promise.resolve(0), agents: () => Promise.resolve([1]), free: () => Promise.resolve(1000 * MiB), ...change });
}
const limits = (change: Partial<Limits> = {}): Limits => ({ quota: 10 * MiB, totalQuota: null, reserve: 0, ...change });

test('uploads at the same time cannot pass a quota together; what failed gives its room back', async () => {
  const ledger = ledgerOf();
  const holds = await Promise.allSettled(Array.from({ length: 20 }, () => ledger.hold(1, 'data', MiB, limits())));
  const given = holds.flatMap((hold) => (hold.status === 'fulfilled' ? [hold.value] : []));
  expect(given).toHaveLength(10);
  for (const hold of given.slice(0, 4)) hold.keep();
  for (const hold of given) hold.release();
  expect(await ledger.used(1)).toBe(4 * MiB);
  (await ledger.hold(1, 'data', 6 * MiB, limits())).keep();
  await expect(ledger.hold(1, 'data', 1, limits())).rejects.toMatchObject({ status: 507, message: 'The quota of this computer in hub storage is used up: 10.0 MiB of 10.0 MiB. Ask the hub\'s owner for more.' });
});

test('over quota a lock still has room, but not without end', async () => {
  const ledger = ledgerOf();
  (await ledger.hold(1, 'data', 10 * MiB, limits())).keep();
  (await ledger.hold(1, 'locks', 200, limits())).keep();
  await expect(ledger.hold(1, 'locks', grace, limits())).rejects.toMatchObject({ status: 507 });
  ledger.removed(1, 200);
  expect(await ledger.used(1)).toBe(10 * MiB);
});

test('all together have a quota, and the disk keeps its reserve', async () => {
  const ledger = ledgerOf({ measure: (id) => Promise.resolve(id * MiB), agents: () => Promise.resolve([1, 2]) });
  const together = limits({ quota: null, totalQuota: 5 * MiB });
  (await ledger.hold(2, 'data', 2 * MiB, together)).keep();
  await expect(ledger.hold(1, 'data', 1, together)).rejects.toMatchObject({ message: expect.stringMatching(/^The quota of all computers together/) });
  const floor = limits({ quota: null, reserve: 999 * MiB });
  await expect(ledger.hold(1, 'data', 2 * MiB, floor)).rejects.toMatchObject({ message: expect.stringMatching(/^The disk of hub storage is almost full: 1000\.0 MiB are free, of which 999\.0 MiB stay free/) });
  (await ledger.hold(1, 'locks', 100, floor)).keep();
});

test('before it refuses it counts again: the owner may have pruned', async () => {
  let stored = 10 * MiB;
  let now = 0;
  const ledger = ledgerOf({ now: () => now, measure: () => Promise.resolve(stored) });
  await expect(ledger.hold(1, 'data', MiB, limits())).rejects.toMatchObject({ status: 507 });
  stored = 3 * MiB;
  now += 60_000;
  (await ledger.hold(1, 'data', MiB, limits())).keep();
  expect(await ledger.used(1)).toBe(4 * MiB);
});
