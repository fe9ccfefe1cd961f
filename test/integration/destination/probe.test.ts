import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { probeDestination, systemVolumes } from '../../../main/backup/destination/index.js';
import { startRestServer } from '../../helpers/rclone.js';
import { tempFolder } from '../../helpers/temp.js';

it('a folder: fine, no permission, a disk that is away', async () => {
  const folder = tempFolder();
  const volumes = systemVolumes();
  const url = path.join(folder, 'repository');
  expect(await probeDestination({ url }, { volumes })).toMatchObject({ ok: true, repository: false, appendOnly: false });
  expect(readdirSync(path.join(url, 'data')).flatMap((shard) => readdirSync(path.join(url, 'data', shard)))).toEqual([]);
  const away = await probeDestination({ url: '/media/nobody/Backup/laptop' }, { volumes });
  expect(away).toMatchObject({ ok: false, step: 'connect', error: { code: 'destination-missing', message: expect.stringContaining('No disk is mounted at /media/nobody/Backup.') } });
  mkdirSync(path.join(folder, 'locked'));
  chmodSync(path.join(folder, 'locked'), 0o500);
  const locked = await probeDestination({ url: path.join(folder, 'locked', 'repository') });
  expect(locked.ok).toBe(process.getuid?.() === 0); // modes do not hold root back
});

it('an append-only server is told as such, a server that is not there in a sentence', async () => {
  const server = await startRestServer(tempFolder(), { appendOnly: true });
  onTestFinished(() => server.stop());
  expect(await probeDestination({ url: `${server.url}x/` })).toMatchObject({ ok: true, appendOnly: true });
  await server.stop();
  const gone = await probeDestination({ url: `${server.url}x/`, backend: { 'retry-seconds': '0' } });
  expect(gone).toMatchObject({ ok: false, step: 'connect', error: { code: 'destination-missing' } });
  expect(await probeDestination({ url: 'rest:nonsense' })).toMatchObject({ ok: false, step: 'connect', error: { code: 'usage' } });
});
