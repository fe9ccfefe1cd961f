/** Whole backups over networks in trouble: each succeeds or ends with a sentence; the repository is whole afterwards, and trying again succeeds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openBackend } from '../../../main/backup/backend/open.js';
import { createEngine, type RepositoryAccess } from '../../../main/backup/index.js';
import { Proxy, type Mischief } from '../../helpers/proxy.js';
import { startRestServer, type RestServer } from '../../helpers/rclone.js';
import { startObjectStore, type ObjectStore } from '../../helpers/rgw.js';
import { startSshServer, type SshServer } from '../../helpers/sshd.js';
import { bytes, temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const source = join(folder.path, 'source');
const engine = createEngine();
const total = 40;
let store: ObjectStore, ssh: SshServer, rest: RestServer;
beforeAll(async () => {
  mkdirSync(source);
  for (let i = 0; i < total; i++) writeFileSync(join(source, `file ${i}`), bytes(1_000_000, i + 1, 1));
  [store, ssh, rest] = await Promise.all([startObjectStore(), startSshServer(), startRestServer(join(folder.path, 'rest'))]);
}, 60_000);
afterAll(async () => {
  await engine.close();
  await Promise.all([store.stop(), ssh.stop(), rest.stop()]);
  folder.remove();
});

const kinds: Record<string, { port: () => number; access: (port: number, name: string) => RepositoryAccess }> = {
  s3: { port: () => store.port, access: (port, name) => ({ url: `s3:http://127.0.0.1:${port}/${name}`, password: 'pw', backend: { 'access-key-id': store.accessKey, 'secret-access-key': store.secretKey } }) },
  sftp: { port: () => ssh.port, access: (port, name) => ({ url: `sftp://${ssh.user}@127.0.0.1:${port}/${join(folder.path, name)}`, password: 'pw', backend: { ...ssh.settings, 'known-hosts-file': '/nowhere', 'host-key': ssh.fingerprint } }) },
  rest: { port: () => rest.port, access: (port, name) => ({ url: `rest:http://127.0.0.1:${port}/${name}/`, password: 'pw' }) },
};

/** Bytes of packs in the repository, whether an index knows them or not. */
async function storedBytes(repository: RepositoryAccess): Promise<number> {
  const backend = openBackend({ ...repository, cacheFolder: false });
  try {
    let sum = 0;
    for await (const { size } of backend.list('data')) sum += size;
    return sum;
  } finally {
    await backend.close();
  }
}

for (const [name, kind] of Object.entries(kinds)) {
  describe(`a backup to ${name}`, () => {
    const world = async (which: string, settings: Record<string, string>): Promise<{ proxy: Proxy; repository: RepositoryAccess }> => {
      const proxy = await Proxy.to(kind.port());
      onTestFinished(() => proxy.stop());
      const access = kind.access(proxy.port, `${name}-${which}`);
      const repository = { ...access, cacheFolder: join(folder.path, 'cache'), backend: { ...access.backend, ...settings } };
      await engine.init({ repository });
      return { proxy, repository };
    };
    const troubles: Record<string, [Mischief, Record<string, string>]> = {
      'each connection breaks after 9 MB, six times': [{ after: { bytes: 9_000_000, what: 'reset', times: 6 } }, {}],
      'the line falls silent twice': [{ after: { bytes: 5_000_000, what: 'stall', times: 2 } }, { 'stall-seconds': '2' }],
      'one piece in 500 breaks the connection': [{ breakChance: 0.002 }, {}],
      '200 ms of latency': [{ latency: 100 }, {}],
    };
    for (const [trouble, [mischief, settings]] of Object.entries(troubles)) {
      it(`${trouble}: succeeds`, async () => {
        const { proxy, repository } = await world(trouble.replace(/[^a-z0-9]+/g, '-'), settings);
        proxy.mischief = mischief;
        const summary = await engine.backup({ repository, paths: [source] });
        expect(summary).toMatchObject({ files_new: total, error_count: 0 });
        proxy.mischief = {};
        expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true });
      });
    }

    it('the program is killed in the middle: what had arrived is not sent again', async () => {
      const { proxy, repository } = await world('killed', {});
      const child = spawn(process.execPath, ['--input-type=module', '-e', `import { backup } from ${JSON.stringify(new URL('../../../out/main/backup/index.js', import.meta.url).href)};
        await backup({ repository: JSON.parse(process.env.REPOSITORY), paths: [${JSON.stringify(source)}], packSize: 4 });`], { stdio: 'ignore', env: { ...process.env, REPOSITORY: JSON.stringify(repository) } });
      const exited = once(child, 'exit');
      while (proxy.received < 25_000_000 && child.exitCode === null) await sleep(2);
      child.kill('SIGKILL');
      await exited;
      await sleep(500); // a server may still be storing what it got
      const stored = await storedBytes(repository);
      const summary = await engine.backup({ repository, paths: [source] });
      expect(summary.data_added_packed).toBeLessThan(total * 1_000_000 - stored * 0.99 + 100_000);
      expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true });
    });

    it('the network goes away in the middle and stays away: one sentence, and trying again succeeds', async () => {
      const { proxy, repository } = await world('goes-away', { 'retry-seconds': '2' });
      const timer = setInterval(() => {
        if (proxy.received < 25_000_000) return;
        proxy.mischief = { refuse: true };
        proxy.reset();
      }, 2);
      const failed = await engine.backup({ repository, paths: [source], packSize: 4 }).then(() => null, (error: unknown) => error);
      clearInterval(timer);
      expect(failed).toMatchObject({ code: expect.stringMatching(/^destination-(failed|missing)$/), retryable: true });
      proxy.mischief = {};
      const stored = await storedBytes(repository);
      expect(stored).toBeGreaterThan(4_000_000);
      await engine.unlock({ repository, removeAll: true });
      const summary = await engine.backup({ repository, paths: [source] });
      expect(summary).toMatchObject({ files_new: total, error_count: 0 });
      // what had arrived is not sent again
      expect(summary.data_added_packed).toBeLessThan(total * 1_000_000 - stored * 0.99 + 100_000);
      expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true });
    });
  });
}
