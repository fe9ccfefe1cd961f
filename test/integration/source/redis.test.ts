import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localHost } from '../../../main/backup/source/process/host.js';
import { openRedis } from '../../../main/backup/source/redis/redis.js';
import { redisSource, type RedisSource } from '../../../main/shared/sources.js';
import { startRedis, type RedisServer } from '../../helpers/redis.js';
import { childrenOf, contentOf, never, saveStream, sourcePorts, streamOf } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';

let server: RedisServer;
const host = localHost(process.env);
const source = (more: Partial<RedisSource> = {}): RedisSource => redisSource.parse({ type: 'redis', host: '127.0.0.1', port: server.port, ...more });
const passwordOf = (at: RedisServer, user = '') => sourcePorts({ [`redis://${user}@127.0.0.1:${at.port}`]: at.password, [`redis://${user}@${at.socket}`]: at.password });

beforeAll(async () => {
  server = await startRedis();
  await server.command('debug populate 20000 key 200\nset greeting "na\u00efve \\x00 \u2603"\nrpush list a b c\nhset hash f 1\nzadd z 1.5 a\nexpire list 100000\nxadd s * f v\nselect 3\nset other 1');
});
afterAll(() => server.stop());

test('a copy loads into a fresh server and is the same there', async () => {
  const opened = await openRedis(source(), host, passwordOf(server));
  const folder = tempFolder({ keep: true });
  const stream = streamOf(opened, 'dump.rdb');
  expect(stream.path).toBe(`/databases/redis/127.0.0.1:${server.port}/dump.rdb`);
  await saveStream(stream, path.join(folder, 'dump.rdb'));
  await opened.close();
  const fresh = await startRedis(folder);
  try {
    expect(await fresh.command('debug digest')).toBe(await server.command('debug digest'));
    expect((await fresh.command('dbsize')).trim()).toBe('20005');
  } finally {
    await fresh.stop();
  }
});

test('over a socket as well', async () => {
  const opened = await openRedis(redisSource.parse({ type: 'redis', host: server.socket }), host, passwordOf(server));
  expect((await contentOf(streamOf(opened, '.rdb'))).subarray(0, 5).toString()).toBe('REDIS');
  await opened.close();
});

test('each trouble is one sentence', async () => {
  await expect(openRedis(source(), host, sourcePorts())).rejects.toMatchObject({ code: 'permission-denied', message: expect.stringContaining('does not let this user in') });
  await expect(openRedis(source(), host, sourcePorts({ [`redis://@127.0.0.1:${server.port}`]: 'wrong' }))).rejects.toMatchObject({ code: 'permission-denied' });
  await expect(openRedis(source({ port: 1 }), host, sourcePorts())).rejects.toMatchObject({ code: 'source-missing', retryable: true });
  await server.command('acl setuser watcher on >geheim#1 ~* +ping');
  const watcher = await openRedis(source({ user: 'watcher' }), host, passwordOf(server, 'watcher'));
  await expect(contentOf(streamOf(watcher, '.rdb'))).rejects.toMatchObject({ message: expect.stringMatching(/may not copy it|before it was complete/) });
  await watcher.close();
});

test('a server that is killed meanwhile leaves no copy and no process', async () => {
  const other = await startRedis();
  try {
    await other.command('debug populate 300000 key 500');
    const opened = await openRedis(source({ port: other.port }), host, passwordOf(other));
    const reading = streamOf(opened, '.rdb').open(never)[Symbol.asyncIterator]();
    await reading.next();
    expect(childrenOf().join('\n')).not.toContain('geheim');
    await other.kill();
    await expect((async () => { for (;;) if ((await reading.next()).done) return; })()).rejects.toMatchObject({ code: 'source-failed' });
    await opened.close();
  } finally {
    await other.stop();
  }
  expect(childrenOf().filter((line) => line.includes('redis-cli'))).toEqual([]);
});
