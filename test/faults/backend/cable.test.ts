/**
 * Whole backups over a cable between two network namespaces: slow (2 Mbit with 200 ms more there and back), losing three packets in ten, and
 * pulled in the middle. The packets are real ones: what TCP makes of it is what a person at the end of such a line gets. Needs root.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type RepositoryAccess } from '../../../main/backup/index.js';
import { cable, Namespace, type End } from '../../helpers/netns.js';
import { start, type Running } from '../../helpers/processes.js';
import { Proxy } from '../../helpers/proxy.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { bytes } from '../../helpers/trees.js';
import { attempt, packsIn, recovers, remoteKinds, sentence, startDestination, type Destination } from './destinations.js';

const folder = tempFolder({ keep: true });
const engine = createEngine();
const seen: string[] = [];
const source = (kilobytes: number): string => {
  const path = join(folder, `source ${kilobytes}`);
  mkdirSync(path, { recursive: true });
  for (let i = 0; i < 10; i++) writeFileSync(join(path, `file ${i}`), bytes(kilobytes * 100, i + 1, 1));
  return path;
};
afterAll(async () => {
  await engine.close();
  await removeTree(folder);
  console.log(['', ...seen].join('\n'));
});

/** Stands at the far end: whoever comes over the cable is passed on to a socket file, which is the same on both sides. */
const relay = `const { createServer, connect } = require('net');
createServer((near) => { const far = connect(process.argv[2]); near.pipe(far).pipe(near); near.on('error', () => far.destroy()).setNoDelay(true); far.on('error', () => near.destroy()); })
  .listen(0, process.argv[1], function () { console.log('port ' + this.address().port); });`;

for (const kind of remoteKinds) {
  describe(`${kind} over a cable`, () => {
    let destination: Destination, proxy: Proxy, far: Namespace, relaying: Running, ends: [End, End];
    let access: (name: string) => Promise<RepositoryAccess>;
    const passOn = createServer((near) => {
      const on = connect(proxy.port, '127.0.0.1');
      near.pipe(on).pipe(near);
      near.on('error', () => on.destroy());
      on.on('error', () => near.destroy());
    });
    beforeAll(async () => {
      const files = join(folder, kind.replace(' ', '-'));
      mkdirSync(files);
      destination = await startDestination(kind, files, join(folder, `${kind}-scratch`));
      proxy = await Proxy.to(destination.port ?? 0);
      far = new Namespace();
      ends = cable(null, far);
      const socket = join(folder, `${kind.replace(' ', '-')}.sock`);
      await new Promise<void>((resolve) => passOn.listen(socket, resolve));
      relaying = start(...far.inside(process.execPath, '-e', relay, ends[1].address, socket), { keep: true });
      const [, port = ''] = await relaying.line(/^port (\d+)/);
      access = async (name) => ({ ...await destination.access(name, { host: ends[1].address, port: Number(port) }), cacheFolder: join(folder, 'cache') });
    }, 90_000);
    afterAll(async () => {
      await relaying?.stop();
      passOn.close();
      await proxy?.stop();
      await destination?.stop();
      far?.remove();
    });
    it('2 Mbit and 200 ms more there and back: succeeds', async () => {
      const repository = await access('slow');
      await engine.init({ repository });
      for (const end of ends) end.limit(2_000_000);
      proxy.mischief = { latency: 100 };
      const outcome = await attempt(engine, repository, source(1500));
      expect(outcome.error).toBeNull();
      for (const end of ends) end.limit(1_000_000_000);
      proxy.mischief = {};
      await destination.check('slow');
      seen.push(`| ${kind} | 2 Mbit, 200 ms more | succeeds | |`);
    });

    it('three packets in ten are lost: succeeds', async () => {
      const repository = await access('lossy');
      await engine.init({ repository });
      ends[1].lose(0.3);
      const outcome = await attempt(engine, repository, source(200));
      ends[1].lose(0);
      expect(outcome.error).toBeNull();
      await destination.check('lossy');
      seen.push(`| ${kind} | 30% of the packets lost | succeeds | |`);
    }, 400_000);

    it('pulled in the middle: a sentence, and the next run goes on from there', async () => {
      const repository = await access('pulled');
      await engine.init({ repository });
      proxy.received = 0;
      const timer = setInterval(() => {
        if (proxy.received < 16_000_000) return;
        clearInterval(timer);
        ends[1].lose(1); // a pulled cable says nothing to anybody
      }, 5);
      const outcome = await attempt(engine, { ...repository, backend: { ...repository.backend, 'stall-seconds': '4', 'retry-seconds': '6' } }, source(24_000));
      clearInterval(timer);
      ends[1].lose(0);
      expect(outcome.error?.message).toMatch(/does not answer|stopped answering|broke off|cannot be reached/);
      expect(outcome.error?.message).toMatch(sentence);
      await sleep(1000);
      const retry = await recovers(engine, repository, source(24_000), outcome, await packsIn(repository), () => destination.check('pulled'));
      seen.push(`| ${kind} | cable pulled in the middle | ${outcome.error?.message} | ${retry} |`);
    });
  });
}
