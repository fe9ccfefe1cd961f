/** The official restic on hub storage, and Holdfast's engine beside it. */
import { randomBytes } from 'node:crypto';
import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLocalEngine, type RepositoryAccess } from '../../../main/backup/index.js';
import { testHub, type TestHub } from '../../integration/hub/office.js';
import { resticOn, storedAgent, type Stored } from '../../helpers/storage.js';
import { tempFolder } from '../../helpers/temp.js';
import { describe as contentsOf, makeZoo } from '../../helpers/trees.js';

const MiB = 1024 * 1024;
const access = (hub: TestHub, stored: Stored): RepositoryAccess =>
  ({ url: stored.url, password: 'geheim', cacheFolder: false, backend: { user: stored.user, password: stored.password, 'certificate-pin': hub.fingerprint } });

test('restic backs up to it, restores from it and finds it whole; forget and prune are refused there; the owner may on the folder', async () => {
  const hub = await testHub();
  const stored = await storedAgent(hub);
  const folder = tempFolder();
  const source = join(folder, 'source');
  makeZoo(source);
  const restic = resticOn(hub, stored, folder);
  await restic.init();
  await restic.backup([source]);
  writeFileSync(join(source, 'added'), randomBytes(MiB));
  await restic.backup([source]);
  await restic.check();
  await restic.ok(['restore', 'latest', '--target', join(folder, 'back')]);
  expect(contentsOf(join(folder, 'back', source))).toEqual(contentsOf(source));

  const before = await restic.snapshots();
  await restic.refused(['forget', '--keep-last', '1'], /403 This storage is append-only/);
  expect(await restic.snapshots()).toHaveLength(before.length);
  await restic.check();

  // Both use it in turn, through the certificate's fingerprint.
  const engine = createLocalEngine();
  const again = await engine.backup({ repository: access(hub, stored), paths: [source] });
  expect(again.data_blobs).toBe(0);
  expect((await engine.check({ repository: access(hub, stored), readData: true })).errors).toEqual([]);
  await expect(engine.forget({ repository: access(hub, stored), keep: { last: 1 } })).rejects.toMatchObject({ code: 'permission-denied' });

  // The owner, on the hub's computer.
  const own: RepositoryAccess = { url: join(hub.dataFolder, 'storage', stored.agentId), password: 'geheim', cacheFolder: false };
  const kept = await engine.forget({ repository: own, keep: { last: 1 }, groupBy: [], prune: { maxUnused: '0%' } });
  expect(kept.removed.length).toBe(2);
  expect(await restic.snapshots()).toHaveLength(1);
  await restic.check();
});

test('over quota is a sentence that names it; nothing is lost, restic finds the rest whole, and with more quota it goes on', async () => {
  const hub = await testHub();
  const stored = await storedAgent(hub, 'laptop', 6 * MiB);
  const folder = tempFolder();
  const source = join(folder, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'first'), randomBytes(2 * MiB));
  const restic = resticOn(hub, stored, folder);
  await restic.init();
  await restic.backup([source]);

  for (let n = 0; n < 3; n += 1) writeFileSync(join(source, `more${n}`), randomBytes(6 * MiB));
  const engine = createLocalEngine();
  const full = await engine.backup({ repository: access(hub, stored), paths: [source] }).then(() => null, (error: unknown) => error);
  expect(full).toMatchObject({ code: 'destination-full' });
  expect(String(full)).toMatch(/The quota of this computer in hub storage is used up: 2\.\d+ MiB of 6\.00 MiB/);
  expect(await restic.snapshots()).toHaveLength(1);
  await restic.check();
  await restic.ok(['restore', 'latest', '--target', join(folder, 'back')]);
  const usage = (await hub.admin.storage({})).agents[0];
  expect(usage?.usedBytes).toBeLessThanOrEqual(7 * MiB);

  await hub.admin.setStorageQuota({ id: stored.agentId, quota: 40 * MiB });
  await engine.backup({ repository: access(hub, stored), paths: [source] });
  await restic.check();
  expect(await restic.snapshots()).toHaveLength(2);
});

test('the official restic says why when it is over quota, and leaves it clean', async () => {
  const hub = await testHub();
  const stored = await storedAgent(hub, 'laptop', MiB);
  const folder = tempFolder();
  const source = join(folder, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'small'), randomBytes(1000));
  const restic = resticOn(hub, stored, folder);
  await restic.init();
  await restic.backup([source]);
  writeFileSync(join(source, 'large'), randomBytes(4 * MiB));
  await restic.refused(['backup', source], /507 The quota of this computer in hub storage is used up: .* of 1\.00 MiB/);
  await restic.check();
  expect(await restic.snapshots()).toHaveLength(1);
});
