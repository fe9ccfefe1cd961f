import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { discover, type DiscoverOptions } from '../../../main/backup/source/discover/discover.js';
import { parseMountInfo, parseMountOutput } from '../../../main/backup/source/discover/mounts.js';
import type { Discovery } from '../../../main/shared/discovery.js';
import { sourceAddress } from '../../../main/shared/source-address.js';
import { startMariadb } from '../../helpers/mariadb.js';
import { startPostgres } from '../../helpers/postgres.js';
import { startRedis } from '../../helpers/redis.js';
import { runOk } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';
import { wordpressSettings } from '../../helpers/wordpress.js';

const nowhere = { ports: { postgresql: [], mysql: [], mongodb: [], redis: [] }, socketFolders: [] };
const find = (more: Partial<DiscoverOptions>): Promise<Discovery> => discover({ env: { PATH: '' }, folders: [], places: nowhere, ...more });
const addresses = ({ proposals }: Discovery): string[] => proposals.map(({ source }) => (source.type === 'files' ? 'files' : sourceAddress(source))).sort();

test('servers are told by the protocol that they speak, each once', async () => {
  const [postgres, mariadb, redis] = await Promise.all([startPostgres(), startMariadb(), startRedis()]);
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    silent.close();
    await Promise.all([postgres.stop(), mariadb.stop(), redis.stop()]);
  });
  const address = silent.address();
  const other = typeof address === 'object' && address !== null ? address.port : 0;
  const all = [postgres.port, mariadb.port, redis.port, other];
  const found = await find({ places: { ports: { postgresql: all, mysql: [...all], mongodb: all, redis: all }, socketFolders: [] } });
  expect(addresses(found)).toEqual([`mysql://localhost:${mariadb.port}`, `postgresql://localhost:${postgres.port}`, `redis://localhost:${redis.port}`]);
  expect(found.proposals[0]?.sentence).toBe(`A PostgreSQL server answers at localhost:${postgres.port}; all that its user may read would be backed up.`);
  const bySocket = await find({ places: { ports: { ...nowhere.ports, postgresql: [postgres.port] }, socketFolders: [postgres.folder, '/none/here'] } });
  expect(addresses(bySocket)).toEqual([`postgresql://localhost:${postgres.port}?host=${encodeURIComponent(postgres.folder)}`]);
}, 90_000);

test('containers are told by their image, and an engine that hangs is left', async () => {
  const folder = tempFolder();
  const stub = (name: string, script: string): void => {
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(folder, name), 0o755);
  };
  stub('podman', '[ "$1" = ps ] && printf "shop-db\\tdocker.io/library/postgres:16\\ncache\\tredis@sha256:1\\nweb\\tnginx:latest\\nm\\tghcr.io/x/mariadb\\n-bad\\tpostgres\\n"');
  stub('docker', 'exit 1');
  const found = await find({ env: { PATH: folder } });
  expect(addresses(found)).toEqual(['mysql://root@?container=m', 'postgresql://postgres@?container=shop-db', 'redis://?container=cache']);
  expect(found.notes).toEqual([expect.stringContaining('docker is here but did not list its containers')]);
});

test('sites and SQLite files below folders; no link is followed, no other file system entered, and limits are said', async () => {
  const folder = tempFolder();
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['www/blog', 'www/old', 'apps/shop', 'apps/broken', 'data', 'data/.hidden', 'data/node_modules', 'deep/a/b/c']) mkdirSync(at(name), { recursive: true });
  for (const name of ['www/blog', 'www/old']) writeFileSync(at(`${name}/wp-settings.php`), '<?php');
  writeFileSync(at('www/blog/wp-config.php'), wordpressSettings({ host: 'db', port: 3306, name: 'blog', user: 'u', password: 'geheim' }));
  for (const name of ['apps/shop', 'apps/broken']) writeFileSync(at(`${name}/artisan`), '');
  writeFileSync(at('apps/shop/.env'), 'DB_CONNECTION=sqlite\n');
  writeFileSync(at('apps/broken/.env'), 'DB_CONNECTION=two words\n');
  for (const name of ['data/app.db', 'data/.hidden/h.db', 'data/node_modules/n.sqlite', 'deep/a/b/c/far.sqlite3', 'outside.db']) await runOk('sqlite3', [at(name), 'create table t (x)']);
  writeFileSync(at('data/no.db'), 'SQLite? No.');
  symlinkSync(at('outside.db'), at('data/link.db'));
  symlinkSync(folder, at('data/loop'));
  const found = await find({ folders: ['www', 'apps', 'data', 'deep', 'none'].map(at) });
  expect(addresses(found)).toEqual([`laravel:${at('apps/shop')}`, `sqlite:${at('data/app.db')}`, `sqlite:${at('deep/a/b/c/far.sqlite3')}`, `wordpress:${at('www/blog')}`]);
  // a real engine of this computer may have its own to say
  const ofFolders = found.notes.filter((note) => !/^(docker|podman) is here/.test(note));
  expect(ofFolders).toEqual([expect.stringContaining(`A Laravel application is in ${at('apps/broken')}, but its database is not known`), `${at('none')} is not there or may not be read.`]);
  expect(JSON.stringify(found)).not.toContain('geheim');

  expect(addresses(await find({ folders: [at('deep')], limits: { depth: 2 } }))).toEqual([]);
  const short = await find({ folders: [folder], limits: { entries: 3 } });
  expect(short.notes).toContainEqual(expect.stringContaining('hold more than was searched'));
  const few = await find({ folders: [at('data'), at('deep')], limits: { files: 1 } });
  expect(few.proposals).toHaveLength(1);
  expect(few.notes).toContainEqual(expect.stringContaining('more than 1 SQLite files'));
  expect((await find({ folders: [folder], limits: { time: 0 } })).proposals.length).toBeLessThan(5);
});

test('the system\'s own list of mounts tells where other file systems begin', () => {
  expect(parseMountInfo('36 35 98:0 / /mnt/a\\040b rw - ext4 /dev/x rw\n37 35 0:5 / /net rw shared:1 - nfs4 s:/ rw\n')).toEqual(new Map([['/mnt/a b', 'ext4'], ['/net', 'nfs4']]));
  expect(parseMountOutput('/dev/disk1s1 on /System/Volumes/Data (apfs, local)\n//a@b/c on /Volumes/c (d) (smbfs, nodev)\n')).toEqual(new Map([['/System/Volumes/Data', 'apfs'], ['/Volumes/c (d)', 'smbfs']]));
});
