/** Bad networks and servers that come and go, on each remote kind: an operation comes through, or ends with a sentence that says why. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Backend } from '../../../main/backup/backend/backend.js';
import { openBackend } from '../../../main/backup/backend/open.js';
import { probeDestination } from '../../../main/backup/destination/probe.js';
import type { RepositoryAccess } from '../../../main/backup/types.js';
import { Proxy } from '../../helpers/proxy.js';
import { startRestServer, type RestServer } from '../../helpers/rclone.js';
import { startObjectStore, type ObjectStore } from '../../helpers/rgw.js';
import { startSshServer, type SshServer } from '../../helpers/sshd.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { failure, sample } from '../../integration/backend/conformance.js';

const folder = tempFolder({ keep: true });
let store: ObjectStore, ssh: SshServer, rest: RestServer;
beforeAll(async () => {
  [store, ssh, rest] = await Promise.all([startObjectStore(), startSshServer(), startRestServer(join(folder, 'rest'))]);
}, 60_000);
afterAll(async () => {
  await Promise.all([store.stop(), ssh.stop(), rest.stop()]);
  await removeTree(folder);
});

type Access = Omit<RepositoryAccess, 'password'>;
interface Kind {
  readonly port: () => number;
  readonly access: (port: number) => Access;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

const kinds: Record<string, Kind> = {
  s3: {
    port: () => store.port,
    access: (port) => ({ url: `s3:http://127.0.0.1:${port}/faults`, backend: { 'access-key-id': store.accessKey, 'secret-access-key': store.secretKey } }),
    kill: () => store.killGateway(), start: () => store.startGateway(),
  },
  sftp: {
    port: () => ssh.port,
    access: (port) => ({ url: `sftp://${ssh.user}@127.0.0.1:${port}/${join(folder, 'sftp')}`, backend: { ...ssh.settings, 'known-hosts-file': '/nowhere', 'host-key': ssh.fingerprint } }),
    kill: () => ssh.kill(), start: () => ssh.start(),
  },
  rest: {
    port: () => rest.port,
    access: (port) => ({ url: `rest:http://127.0.0.1:${port}/faults/` }),
    kill: () => rest.kill(), start: async () => { rest = await startRestServer(join(folder, 'rest'), { port: rest.port }); },
  },
};

for (const [name, kind] of Object.entries(kinds)) {
  describe(`${name} over a bad network`, () => {
    const world = async (backend: Record<string, string> = {}): Promise<{ proxy: Proxy; backend: Backend; told: string[]; access: Access }> => {
      const proxy = await Proxy.to(kind.port());
      const base = kind.access(proxy.port);
      const access = { ...base, cacheFolder: false as const, backend: { ...base.backend, ...backend } };
      const told: string[] = [];
      const opened = openBackend(access, (text) => told.push(text));
      onTestFinished(async () => {
        await opened.close();
        await proxy.stop();
      });
      await opened.create();
      return { proxy, backend: opened, told, access };
    };

    it('a connection that breaks twice in the middle of an upload: the upload comes through', async () => {
      const { proxy, backend, told } = await world();
      const { file, content } = sample('data', 4_000_000);
      proxy.mischief = { after: { bytes: 1_500_000, what: 'reset', times: 2 } };
      proxy.reset();
      await backend.save(file, content);
      expect(proxy.broken).toBe(2);
      expect(told.length).toBeGreaterThanOrEqual(2);
      expect(told.at(-1)).toMatch(/^Saving data\/\w{8} failed and is tried again in \d+\.\d s\. .*broke off/);
      expect((await backend.load(file)).equals(content)).toBe(true);
    });

    it('a line that falls silent: noticed, and the upload comes through on the next', async () => {
      const { proxy, backend, told } = await world({ 'stall-seconds': '1.5' });
      const { file, content } = sample('data', 3_000_000);
      proxy.mischief = { after: { bytes: 500_000, what: 'stall', times: 1 } };
      proxy.reset();
      await backend.save(file, content);
      expect(proxy.broken).toBe(1);
      expect(told.join()).toMatch(/stopped answering|broke off/);
      expect((await backend.load(file)).equals(content)).toBe(true);
    });

    it('a server that is killed and started again in the middle: the work goes on by itself', async () => {
      const { backend, told } = await world();
      const first = sample('data', 200_000);
      await backend.save(first.file, first.content);
      await kind.kill();
      const second = sample('data', 200_000);
      const saving = backend.save(second.file, second.content);
      const loading = backend.load(first.file);
      await kind.start();
      await saving;
      expect((await loading).equals(first.content)).toBe(true);
      expect((await backend.load(second.file)).equals(second.content)).toBe(true);
      expect(told.length).toBeGreaterThan(0);
    });

    it('a network that stays away: one sentence, after the time that was set', async () => {
      const { proxy, backend } = await world({ 'retry-seconds': '2' });
      proxy.mischief = { refuse: true };
      proxy.reset();
      const { file, content } = sample('data', 1000);
      const error = await failure(backend.save(file, content));
      expect(error).toMatchObject({ code: 'destination-failed', retryable: true });
      expect(error.message).toMatch(/The connection to 127\.0\.0\.1(:\d+)? broke off/);
    });

    it('the test button: fine, and what is wrong', async () => {
      const { proxy, access } = await world({ 'retry-seconds': '1' });
      expect(await probeDestination(access)).toMatchObject({ ok: true, repository: false, appendOnly: false });
      await proxy.stop();
      const away = await probeDestination(access);
      expect(away).toMatchObject({ ok: false, step: 'connect', error: { code: 'destination-missing', retryable: true } });
      if (!away.ok) expect(away.error.message).toMatch(/^Nothing answers at 127\.0\.0\.1:\d+\. Check the address and port/);
    });
  });
}
