/** What a second dump of slightly changed data adds. Chunks are cut by a random polynomial, so the dump is large enough for any of them; figures are in docs/sources.md. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { createEngine } from '../../../main/backup/thread/engine.js';
import { busyCompilers } from '../../../main/platform/engine/compilers.js';
import { createAgentEngine } from '../../../main/platform/engine/engine.js';
import { sourceSchema } from '../../../main/shared/model.js';
import { startPostgres } from '../../helpers/postgres.js';
import { never } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';

test('a second dump after 1% of the rows changed adds at most 15% of the first one\'s size', async () => {
  const postgres = await startPostgres();
  const folder = tempFolder();
  const engine = createAgentEngine({
    compilers: busyCompilers, open: () => Promise.resolve(createEngine()), cacheFolder: path.join(folder, 'cache'), logger: { log: () => undefined },
    sources: { env: process.env, password: () => Promise.resolve(postgres.password) },
  });
  try {
    await postgres.sql('create database large');
    await postgres.sql('create table orders as select n, md5(n::text) || md5((n * 7)::text) as code, repeat(md5((n % 1000)::text), 4) as note from generate_series(1, 600000) n', 'large');
    const access = { url: path.join(folder, 'repository'), password: 'x' };
    await engine.prepare(access);
    const source = sourceSchema.parse({ type: 'postgresql', host: '127.0.0.1', port: postgres.port, user: 'postgres', databases: ['large'] });
    const backUp = () => engine.backup({ repository: access, sources: [source], host: 'laptop', tags: [], gentle: false }, () => undefined, never);
    const first = await backUp();
    await postgres.sql('update orders set note = \'paid\' where n > 594000', 'large');
    const second = await backUp();
    expect(first.bytesProcessed).toBeGreaterThan(100_000_000);
    expect(second.bytesStored / first.bytesStored).toBeLessThan(0.15);
  } finally {
    await engine.close();
    await postgres.stop();
  }
}, 300_000);
