import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createEngine, createLocalEngine, type Engine } from '../../../main/backup/index.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { runOk } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

const password = 'test';
const engines: Engine[] = [];
afterEach(async () => { for (const engine of engines.splice(0)) await engine.close(); });

async function* pieces(bytes: Buffer, onEnd?: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
  } finally {
    onEnd?.();
  }
}

for (const [kind, create] of [['in its own thread', createEngine], ['in this thread', createLocalEngine]] as const) {
  test(`streams and folders are one snapshot that restic restores (engine ${kind})`, async () => {
    const folder = tempFolder();
    const url = path.join(folder, 'repo');
    const files = path.join(folder, 'files');
    mkdirSync(files);
    writeFileSync(path.join(files, 'a.txt'), 'a');
    const engine = create();
    engines.push(engine);
    const repository = { url, password, cacheFolder: false as const };
    await engine.init({ repository });
    const contents = [randomBytes(5_000_000), Buffer.alloc(0), Buffer.from('select 1;')];
    const ended: number[] = [];
    const streams = [{ path: '/databases/postgresql/localhost:5432/shop.dump', mode: 0o600 }, { path: '/databases/redis/x/dump.rdb' }, { path: '/databases/postgresql/localhost:5432/a b\u2603.sql', time: '2026-01-02T03:04:05Z' }];
    const stream = (number: number): AsyncIterable<Uint8Array> => pieces(contents[number] ?? Buffer.alloc(0), () => ended.push(number));
    const first = await engine.backup({ repository, paths: [files], streams, host: 'h' }, { stream });
    expect(first).toMatchObject({ files_new: 4, error_count: 0 });
    expect(ended.sort()).toEqual([0, 1, 2]);
    const [snapshot] = await engine.snapshots({ repository });
    expect(snapshot?.paths).toEqual(['/databases/postgresql/localhost:5432', '/databases/redis/x', files]);

    const second = await engine.backup({ repository, paths: [files], streams: streams.slice(0, 2), host: 'h' }, { stream });
    expect(second.data_added).toBeLessThan(5000);
    expect(second).toMatchObject({ parent_id: first.snapshot_id, files_unmodified: 1 });

    const env = { RESTIC_PASSWORD: password };
    await runOk('restic', ['-r', url, '--no-cache', 'check', '--read-data'], { env });
    for (const [number, { path: at }] of streams.entries()) {
      await runOk('restic', ['-r', url, '--no-cache', 'restore', first.snapshot_id ?? '', '--target', path.join(folder, 'out'), '--include', at], { env });
      expect((await runOk('sha256sum', [path.join(folder, 'out', at)])).slice(0, 64)).toBe((await runOk('sha256sum', ['-'], { input: contents[number] })).slice(0, 64));
    }
    expect((await runOk('stat', ['-c', '%a', path.join(folder, 'out', streams[0]?.path ?? '')])).trim()).toBe('600');
  }, 60_000);

  test(`a stream that fails leaves no snapshot, and the one that was open is ended (engine ${kind})`, async () => {
    const folder = tempFolder();
    const engine = create();
    engines.push(engine);
    const repository = { url: path.join(folder, 'repo'), password, cacheFolder: false as const };
    await engine.init({ repository });
    const streams = [{ path: '/databases/a' }, { path: '/databases/b' }];
    let ended = 0;
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield randomBytes(3_000_000);
        throw new HoldfastError('source-failed', 'PostgreSQL database "shop": the server broke off.', { retryable: true });
      } finally {
        ended += 1;
      }
    };
    await expect(engine.backup({ repository, paths: [], streams }, { stream: (number) => (number === 0 ? pieces(randomBytes(2_000_000)) : failing()) }))
      .rejects.toMatchObject({ code: 'source-failed', retryable: true, message: 'PostgreSQL database "shop": the server broke off.' });
    const abort = new AbortController();
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (let i = 0; ; i += 1) {
          if (i === 20) abort.abort();
          yield randomBytes(100_000);
        }
      } finally {
        ended += 1;
      }
    };
    await expect(engine.backup({ repository, paths: [], streams }, { stream: endless, signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => ended).toBe(2);
    expect(await engine.snapshots({ repository })).toEqual([]);
  }, 60_000);
}

test('a stream in the place of something else is refused', async () => {
  const folder = tempFolder();
  const engine = createLocalEngine();
  const repository = { url: path.join(folder, 'repo'), password, cacheFolder: false as const };
  await engine.init({ repository });
  const stream = () => pieces(Buffer.from('x'));
  for (const streams of [[{ path: '/a/b' }, { path: '/a/b/c' }], [{ path: '/a/b' }, { path: '/a/b' }], [{ path: '/' }]]) {
    const wrong = engine.backup({ repository, paths: [], streams }, { stream });
    await expect(wrong).rejects.toMatchObject({ code: 'usage' });
  }
  await expect(engine.backup({ repository, paths: [], streams: [{ path: '/a' }] })).rejects.toMatchObject({ code: 'usage' });
});
