import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openSqlite } from '../../../main/backup/source/sqlite/sqlite.js';
import { runOk, start } from '../../helpers/processes.js';
import { contentOf, never, saveStream, sourcePorts, streamOf } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';

const sql = (file: string, text: string): Promise<string> => runOk('sqlite3', ['-cmd', '.timeout 20000', '-cmd', 'pragma synchronous=off', file], { input: text, limit: 120_000 });
const fill = (journal: string): string => `pragma journal_mode=${journal}; create table accounts (id integer primary key, balance int);
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into accounts select i, 100 from n;
  create table notes (text); insert into notes with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) select hex(randomblob(100)) from n;
  create virtual table search using fts5(body); insert into search values ('na\u00efve \u2603');`;
/** Moves money about: every moment has the same sum. */
const transfers = Array.from({ length: 2000 }, (_, i) => `begin immediate; update accounts set balance = balance - 1 where id = ${1 + (i % 5000)}; update accounts set balance = balance + 1 where id = ${1 + ((i * 7 + 3) % 5000)}; insert into notes values (hex(randomblob(200))); commit;`).join('\n');

for (const journal of ['wal', 'delete']) {
  test(`a database that is written to is read at one moment (journal ${journal})`, async () => {
    const folder = tempFolder();
    const scratch = tempFolder();
    const file = path.join(folder, 'shop.db');
    await sql(file, fill(journal));
    const opened = await openSqlite({ type: 'sqlite', path: file }, sourcePorts({}, { ...process.env, TMPDIR: scratch }));
    writeFileSync(path.join(folder, 'transfers.sql'), transfers);
    const writer = start('sqlite3', ['-cmd', '.timeout 20000', '-cmd', 'pragma synchronous=off', file, `.read ${path.join(folder, 'transfers.sql')}`]);
    for (let i = 0; i < 4; i += 1) {
      const copy = path.join(tempFolder(), 'copy.db');
      await saveStream(streamOf(opened, 'shop.db'), copy);
      expect((await sql(copy, 'pragma integrity_check; select sum(balance), count(*) from accounts; select count(*) from search(\'na\u00efve\');')).trim().split('\n')).toEqual(['ok', '500000|5000', '1']);
    }
    expect((await writer.ended).code).toBe(0);
    const quiet = path.join(tempFolder(), 'quiet.db');
    await saveStream(streamOf(opened, 'shop.db'), quiet);
    expect(await sql(quiet, '.dump')).toBe(await sql(file, '.dump'));
    await opened.close();
    expect(readdirSync(scratch)).toEqual([]);
    expect(opened.streams[0]?.path).toBe(`/databases/sqlite${file}`);
  }, 120_000);
}

test('each trouble is one sentence', async () => {
  const folder = tempFolder();
  const at = (name: string): string => path.join(folder, name);
  const open = (name: string) => openSqlite({ type: 'sqlite', path: at(name) }, sourcePorts());
  await expect(open('gone.db')).rejects.toMatchObject({ code: 'source-missing' });
  writeFileSync(at('text.db'), 'this is not a database, it is a text that is long enough to be looked at as one'.repeat(50));
  await expect(open('text.db')).rejects.toThrow(/is not an SQLite database/);
  writeFileSync(at('empty.db'), '');
  expect((await contentOf(streamOf(await open('empty.db'), 'empty.db'))).length).toBe(0);
  await sql(at('cut.db'), fill('delete'));
  await runOk('truncate', ['-s', '1000000', at('cut.db')]);
  await expect(open('cut.db').then((opened) => contentOf(streamOf(opened, 'cut.db')))).rejects.toThrow(/is damaged/);
  chmodSync(at('text.db'), 0);
});

test('a copy that is left early or cancelled lets go of the database', async () => {
  const folder = tempFolder();
  const file = path.join(folder, 'a.db');
  await sql(file, fill('delete'));
  const opened = await openSqlite({ type: 'sqlite', path: file }, sourcePorts());
  const reading = streamOf(opened, 'a.db').open(never)[Symbol.asyncIterator]();
  await reading.next();
  await sql(file, 'insert into notes values (1)'); // nobody is held up while pieces are on their way
  await opened.close();
  await expect((async () => { for (;;) if ((await reading.next()).done) return; })()).rejects.toThrow(/abort/i);
});
