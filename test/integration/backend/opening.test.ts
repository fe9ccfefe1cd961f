/** Opening a repository and locking it: what is asked ahead of time must change no answer. */
import { hostname } from 'node:os';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { openBackend } from '../../../main/backup/backend/open.js';
import { encodeLock } from '../../../main/backup/format/lock-file.js';
import { createEngine } from '../../../main/backup/index.js';
import { openRepository } from '../../../main/backup/repository/repository.js';
import { Restic } from '../../helpers/restic.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const folder = tempFolder({ keep: true });
const source = path.join(folder, 'source');
mkdirSync(source);
writeFileSync(path.join(source, 'file'), 'content');
const engine = createEngine({ restAfter: 0 });
afterAll(async () => {
  await engine.close();
  await removeTree(folder);
});

const made = async (name: string): Promise<{ url: string; password: string }> => {
  const repository = { url: path.join(folder, name), password: 'pw' };
  await engine.init({ repository });
  return repository;
};

/** As soon as a backup has written its lock, somebody else's exclusive one is there. @returns takes it away */
async function lockWhenLocked(repository: { url: string; password: string }): Promise<() => void> {
  const backend = openBackend(repository);
  onTestFinished(() => backend.close());
  const opened = await openRepository(backend, repository.password);
  const locks = path.join(repository.url, 'locks');
  const { name, sealed } = opened.seal(encodeLock({ time: Date.now(), exclusive: true, hostname: `not-${hostname()}`, username: 'somebody', pid: 1, uid: 0, gid: 0 }));
  const timer = setInterval(() => {
    if (readdirSync(locks).length === 0) return;
    clearInterval(timer);
    writeFileSync(path.join(folder, name), sealed);
    renameSync(path.join(folder, name), path.join(locks, name));
  }, 1);
  return () => { rmSync(path.join(locks, name)); };
}

it('a lock that comes at the same moment: the backup that had begun makes no snapshot', async () => {
  const repository = await made('refused');
  const unlock = await lockWhenLocked(repository);
  await expect(engine.backup({ repository, paths: [source] })).rejects.toMatchObject({ code: 'repository-locked' });
  unlock();
  expect(readdirSync(path.join(repository.url, 'locks'))).toEqual([]);
  expect(await engine.snapshots({ repository })).toEqual([]);
  await engine.backup({ repository, paths: [source] });
  await new Restic(repository.url, 'pw', folder).check();
});

it('and one that may wait begins again when the other is gone', async () => {
  const repository = await made('waited');
  const unlock = await lockWhenLocked(repository);
  const backup = engine.backup({ repository: { ...repository, lockTimeout: 30_000 }, paths: [source] });
  await until('only the other\'s lock is there', () => readdirSync(path.join(repository.url, 'locks')).length === 2);
  await until('the backup has given way', () => readdirSync(path.join(repository.url, 'locks')).length === 1);
  unlock();
  expect(await backup).toMatchObject({ error_count: 0 });
  expect(await engine.snapshots({ repository })).toHaveLength(1);
  await new Restic(repository.url, 'pw', folder).check();
});

it('a key that was opened before opens with its password alone, and not once it is gone', async () => {
  const repository = await made('remembered');
  await engine.backup({ repository, paths: [source] });
  expect(await engine.snapshots({ repository })).toHaveLength(1);
  await expect(engine.snapshots({ repository: { ...repository, password: 'other' } })).rejects.toMatchObject({ code: 'wrong-password' });
  await engine.keyPasswd({ repository, newPassword: 'new' });
  await expect(engine.snapshots({ repository })).rejects.toMatchObject({ code: 'wrong-password' });
  expect(await engine.snapshots({ repository: { ...repository, password: 'new' } })).toHaveLength(1);
  expect(await new Restic(repository.url, 'new', folder).snapshots()).toHaveLength(1);
});
