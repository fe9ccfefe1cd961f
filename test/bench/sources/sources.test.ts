/** What a second dump adds to a repository, and how much memory a large one takes. Figures are in docs/sources.md. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startMariadb } from '../../helpers/mariadb.js';
import { startPostgres } from '../../helpers/postgres.js';
import { runOk } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

const program = fileURLToPath(new URL('one-backup.mjs', import.meta.url));
/** MB of rows for what a second dump adds, and for memory. */
const megabytes = Number(process.env['HOLDFAST_BENCH_MB'] ?? 256);
const large = Number(process.env['HOLDFAST_BENCH_LARGE_MB'] ?? 1024);
const rowBytes = 256;

interface Taken { bytesProcessed: number; bytesAdded: number; bytesStored: number; peakMb: number; toolsMb: number; cpuSeconds: number }

async function backUp(repository: string, source: object, password: string): Promise<Taken> {
  return JSON.parse(await runOk(process.execPath, [program], { input: JSON.stringify({ repository, source, password }), limit: 1_500_000 })) as Taken;
}
const size = async (folder: string): Promise<number> => Number((await runOk('du', ['-sb', folder])).split('\t')[0]);

interface Database {
  readonly source: object;
  readonly password: string;
  sql(sql: string, database?: string): Promise<string>;
  /** SQL that fills the table `rows` with so many rows of `rowBytes`. */
  fill(count: number): string[];
  stop(): Promise<void>;
}

async function postgres(): Promise<Database> {
  const server = await startPostgres();
  return {
    source: { type: 'postgresql', host: '127.0.0.1', port: server.port, user: 'postgres', tls: 'prefer', databases: ['bench'] }, password: server.password, sql: server.sql, stop: () => server.stop(),
    fill: (count) => [
      `create table orders as select n, now() - n * interval '1 second' as at, md5(n::text) || md5((n * 7)::text) as code, repeat(md5((n % 1000)::text), 4) as note from generate_series(1, ${count}) n`,
      'alter table orders add primary key (n)',
    ],
  };
}

async function mariadb(): Promise<Database> {
  const server = await startMariadb(['--innodb-log-file-size=256M', '--max-allowed-packet=64M']);
  return {
    source: { type: 'mysql', host: '127.0.0.1', port: server.port, user: 'root', tls: 'prefer', databases: ['bench'] }, password: server.password, sql: server.sql, stop: () => server.stop(),
    fill: (count) => [
      'create table orders (n int primary key, at datetime, code varchar(64), note varchar(255))',
      `insert into orders select seq, date_sub(now(), interval seq second), concat(md5(seq), md5(seq * 7)), repeat(md5(seq % 1000), 4) from seq_1_to_${count}`,
    ],
  };
}

const servers = [['PostgreSQL', postgres], ['MariaDB', mariadb]] as const;

for (const [name, begin] of servers) {
  test(`${name}: a second dump after 1% of the rows changed`, async () => {
    const database = await begin();
    try {
      const count = Math.round((megabytes * 1024 * 1024) / rowBytes);
      await database.sql('create database bench');
      for (const sql of database.fill(count)) await database.sql(sql, 'bench');
      const repository = path.join(tempFolder(), 'repo');
      const first = await backUp(repository, database.source, database.password);
      let before = await size(repository);
      const whole = before;
      console.log(`${name}: ${count} rows, dump ${first.bytesProcessed}, repository ${whole}`);
      expect(first.bytesProcessed).toBeGreaterThan(megabytes * 0.75 * 1024 * 1024);
      const share = async (change: string, what: string): Promise<number> => {
        await database.sql(change, 'bench');
        const next = await backUp(repository, database.source, database.password);
        const now = await size(repository);
        const part = (now - before) / whole;
        console.log(`${name}: ${what}: ${now - before} added, ${(part * 100).toFixed(1)}% (${next.cpuSeconds.toFixed(1)} CPU s)`);
        before = now;
        return part;
      };
      const one = Math.round(count / 100);
      expect(await share('select 1', 'nothing changed')).toBeLessThan(0.01);
      expect(await share(`update orders set note = 'paid' where n > ${count - one}`, 'the newest 1% of the rows')).toBeLessThan(0.15);
      expect(await share(`update orders set note = 'sent' where floor(n / ${one / 4}) % 40 = 3 and n <= ${Math.round(count * 0.4)}`, '1% of the rows in ten places')).toBeLessThan(0.15);
      await share('update orders set note = \'lost\' where n % 100 = 7', 'every hundredth row');
    } finally {
      await database.stop();
    }
  });
}

for (const [name, begin] of servers) {
  test(`${name}: memory of a large dump`, async () => {
    const database = await begin();
    try {
      const folder = tempFolder();
      mkdirSync(folder, { recursive: true });
      await database.sql('create database bench');
      await database.sql('create table orders (n int)', 'bench');
      const empty = await backUp(path.join(folder, 'repo'), database.source, database.password);
      await database.sql('drop table orders', 'bench');
      for (const sql of database.fill(Math.round((large * 1024 * 1024) / rowBytes))) await database.sql(sql, 'bench');
      const full = await backUp(path.join(folder, 'repo'), database.source, database.password);
      const extra = full.peakMb - empty.peakMb + full.toolsMb;
      console.log(`${name}: dump of ${full.bytesProcessed} bytes: ${empty.peakMb} MB with an empty database, ${full.peakMb} MB with this one, tools ${full.toolsMb} MB: ${extra} MB extra (${full.cpuSeconds.toFixed(1)} CPU s)`);
      expect(full.bytesProcessed).toBeGreaterThan(large * 0.9 * 1024 * 1024);
      expect(extra).toBeLessThan(150);
    } finally {
      await database.stop();
    }
  });
}
