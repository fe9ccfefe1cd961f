/** Disks that are full, out of inodes, read-only or pulled, for a folder and behind an SFTP server. Needs root, because it mounts file systems. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Backend } from '../../../main/backup/backend/backend.js';
import { openBackend } from '../../../main/backup/backend/open.js';
import { startSshServer, type SshServer } from '../../helpers/sshd.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { failure, listed, sample } from '../../integration/backend/conformance.js';

const folder = tempFolder({ keep: true });
let ssh: SshServer;
beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('These tests mount file systems. Run them as root.');
  ssh = await startSshServer();
});
afterAll(async () => {
  await ssh?.stop();
  await removeTree(folder);
});

let count = 0;
function disk(options: string): { path: string; remount: (options: string) => void; pull: () => void } {
  const path = join(folder, `disk-${count++}`);
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  let mounted = true;
  const pull = (): void => {
    if (mounted) execFileSync('umount', ['-l', path]);
    mounted = false;
  };
  onTestFinished(pull);
  return { path, pull, remount: (to) => execFileSync('mount', ['-o', `remount,${to}`, path]) };
}

const kinds: Record<string, (path: string) => Backend> = {
  'a folder': (path) => openBackend({ url: path }),
  'SFTP': (path) => openBackend({ url: `sftp://${ssh.user}@127.0.0.1:${ssh.port}/${path}`, backend: { ...ssh.settings, 'retry-seconds': '1' }, cacheFolder: false }),
};

for (const [name, open] of Object.entries(kinds)) {
  describe(`${name} on a disk in trouble`, () => {
    const opened = (path: string): Backend => {
      const backend = open(join(path, 'repository'));
      onTestFinished(() => backend.close());
      return backend;
    };

    it('full: says so, leaves nothing half written, works again once there is space', async () => {
      const { path, remount } = disk('size=3m');
      const backend = opened(path);
      await backend.create();
      const first = sample('data', 1_500_000);
      await backend.save(first.file, first.content);
      const second = sample('data', 2_500_000);
      const error = await failure(backend.save(second.file, second.content));
      expect(error.code).toBe('destination-full');
      expect(error.message).toMatch(/is full\. Free some space/);
      expect(await listed(backend, 'data')).toEqual(new Map([[first.file.name, first.content.length]]));
      expect(readdirSync(join(path, 'repository')).includes('tmp') ? readdirSync(join(path, 'repository', 'tmp')).filter((entry) => entry.endsWith('.tmp')) : []).toEqual([]);
      remount('size=8m');
      await backend.save(second.file, second.content);
      expect((await backend.load(second.file)).equals(second.content)).toBe(true);
    });

    it('out of inodes: says that it is full', async () => {
      const { path } = disk('size=8m,nr_inodes=270');
      const backend = opened(path);
      await backend.create();
      let error;
      for (let i = 0; i < 20 && error === undefined; i++) {
        const { file, content } = sample('keys', 50);
        error = await backend.save(file, content).then(() => undefined, (thrown: unknown) => thrown);
      }
      expect((await failure(Promise.reject(error))).code).toBe('destination-full');
    });

    it('read-only: says so, and reading goes on', async () => {
      const { path, remount } = disk('size=8m');
      const backend = opened(path);
      await backend.create();
      const { file, content } = sample('keys', 50);
      await backend.save(file, content);
      remount('ro');
      const other = sample('keys', 50);
      const error = await failure(backend.save(other.file, other.content));
      expect(error.code).toBe('permission-denied');
      expect(error.message).toMatch(/read-only/);
      expect((await backend.load(file)).equals(content)).toBe(true);
    });

    it('pulled: nothing is written into the empty mount point', async () => {
      const { path, pull } = disk('size=8m');
      const backend = opened(path);
      await backend.create();
      const { file, content } = sample('keys', 50);
      await backend.save(file, content);
      pull();
      const other = sample('data', 50);
      const error = await failure(backend.save(other.file, other.content));
      expect(['destination-missing', 'not-found']).toContain(error.code);
      expect(readdirSync(path)).toEqual([]);
    });
  });
}

it('a folder of somebody else is refused in a sentence', async () => {
  const path = join(folder, 'theirs');
  mkdirSync(path);
  writeFileSync(join(path, 'file'), '');
  const backend = openBackend({ url: join(path, 'file', 'repository') });
  expect((await failure(backend.create())).code).toMatch(/not-found|destination-missing|destination-failed/);
});
