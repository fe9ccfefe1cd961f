import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSources } from '../../../main/backup/source/open.js';
import { sourceSchema, type Source } from '../../../main/shared/model.js';
import { startMariadb, type MariadbServer } from '../../helpers/mariadb.js';
import { startPostgres, type PostgresServer } from '../../helpers/postgres.js';
import { run, runOk } from '../../helpers/processes.js';
import { contentOf, never, sourcePorts, streamOf } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';
import { wordpressSettings } from '../../helpers/wordpress.js';

let postgres: PostgresServer;
let mariadb: MariadbServer;
beforeAll(async () => {
  [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()]);
  await postgres.sql('create database app; create user app password \'a "b" $c #d\'');
  await postgres.sql('create table users as select 1 as id; grant select on users to app', 'app');
  await mariadb.sql('create database blog; create user wp@\'%\' identified by \'pw\'; grant all on blog.* to wp@\'%\'; create table blog.hf_options (x int)');
}, 120_000);
afterAll(async () => { await Promise.all([postgres.stop(), mariadb.stop()]); });

const open = (sources: object[], ports = sourcePorts()) => openSources(sources.map((source): Source => sourceSchema.parse(source)), ports, never);

function laravel(env: string): string {
  const folder = path.join(tempFolder(), 'app');
  for (const name of ['storage/app', 'vendor', 'database']) mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, 'artisan'), '#!/usr/bin/env php');
  writeFileSync(path.join(folder, '.env'), env);
  return folder;
}

test('a Laravel application with PostgreSQL: the database that .env names, with the password that .env has', async () => {
  const folder = laravel(`# settings\nAPP_NAME=App\nexport DB_CONNECTION=pgsql\nSERVER=127.0.0.1\nDB_HOST=\${SERVER}\nDB_PORT=${postgres.port}\nDB_DATABASE="\${NOTHING_HERE}"\nDB_DATABASE=app\nDB_USERNAME='app'\nDB_PASSWORD="a \\"b\\" \\$c #d" # quoted\n`);
  const ports = sourcePorts();
  const opened = await open([{ type: 'laravel', folder }], ports);
  expect(opened.streams.map((stream) => stream.path)).toEqual([`/databases/postgresql/127.0.0.1:${postgres.port}/app.dump`]);
  expect((await contentOf(streamOf(opened, 'app.dump'))).subarray(0, 5).toString()).toBe('PGDMP');
  expect(opened.folders).toEqual([folder]);
  expect(opened.excludes).toEqual([path.join(folder, 'vendor'), path.join(folder, 'node_modules')]);
  expect(ports.warnings).toEqual([]);
  await opened.close();
});

test('a Laravel application with SQLite whose .env and storage are shared between its versions', async () => {
  const shared = tempFolder();
  const folder = path.join(tempFolder(), 'app [1]');
  mkdirSync(path.join(folder, 'config'), { recursive: true });
  mkdirSync(path.join(folder, 'database'));
  mkdirSync(path.join(shared, 'storage'));
  writeFileSync(path.join(shared, '.env'), 'APP_NAME=x\n');
  symlinkSync(path.join(shared, '.env'), path.join(folder, '.env'));
  symlinkSync(path.join(shared, 'storage'), path.join(folder, 'storage'));
  writeFileSync(path.join(folder, 'config', 'database.php'), '<?php return [\'default\' => env(\'DB_CONNECTION\', \'sqlite\')];');
  const database = path.join(folder, 'database', 'database.sqlite');
  await runOk('sqlite3', [database, 'create table t (x); insert into t values (\'row\')']);
  const opened = await open([{ type: 'laravel', folder }]);
  expect(opened.folders).toEqual([folder, path.join(shared, '.env'), path.join(shared, 'storage')]);
  expect(opened.excludes).toContain(database.replace('[1]', '\\[1\\]'));
  const copy = path.join(shared, 'copy');
  writeFileSync(copy, await contentOf(streamOf(opened, 'database.sqlite')));
  expect(await runOk('sqlite3', [copy, 'select x from t'])).toBe('row\n');
  await opened.close();
});

test('each trouble of a site is one sentence, and settings are never run', async () => {
  const site = path.join(tempFolder(), 'site');
  mkdirSync(site);
  const config = path.join(site, 'wp-config.php');
  const wordpress = { type: 'wordpress', folder: site };
  await expect(open([wordpress])).rejects.toMatchObject({ code: 'source-missing', message: expect.stringContaining('no wp-config.php') });
  await expect(open([{ type: 'laravel', folder: site }])).rejects.toMatchObject({ code: 'source-missing', message: expect.stringContaining('no .env') });
  await expect(open([{ type: 'laravel', folder: `${site}/none` }])).rejects.toMatchObject({ code: 'source-missing' });
  const settings = { host: '127.0.0.1', port: mariadb.port, name: 'blog', user: 'wp', password: 'pw' };
  const mark = path.join(site, 'was-run');
  writeFileSync(config, `${wordpressSettings(settings)}\nfile_put_contents('${mark}', 'x'); system('touch ${mark}');\n`);
  const opened = await open([wordpress]);
  expect((await contentOf(streamOf(opened, 'blog.sql'))).toString()).toContain('hf_options');
  await opened.close();
  expect(await run('ls', [mark])).toMatchObject({ code: 2 });
  writeFileSync(config, wordpressSettings({ ...settings, password: 'geheim' }));
  await expect(open([wordpress])).rejects.toMatchObject({ code: 'permission-denied', message: expect.stringMatching(/does not let the user "wp" in/) });
  writeFileSync(config, wordpressSettings(settings).replace('hf_', 'other_'));
  await expect(open([wordpress])).rejects.toMatchObject({ code: 'source-missing', message: expect.stringContaining('has no table "other_options"') });
  writeFileSync(config, wordpressSettings({ ...settings, port: 1 }));
  await expect(open([wordpress])).rejects.toMatchObject({ code: 'source-missing', retryable: true });
  appendFileSync(config, 'define(\'DB_NAME\', \'another\');');
  await expect(open([wordpress])).rejects.toMatchObject({ code: 'source-failed', message: expect.stringContaining('different values') });
  await expect(open([{ type: 'wordpress', folder: site, container: 'none-of-this-name' }])).rejects.toMatchObject({ code: 'source-missing', message: expect.stringMatching(/none-of-this-name/) });
  expect(readFileSync(config, 'utf8')).toContain('another');
});

test('a database that two sources of a job hold is refused, and nothing stays open', async () => {
  const site = path.join(tempFolder(), 'site');
  mkdirSync(site);
  writeFileSync(path.join(site, 'wp-config.php'), wordpressSettings({ host: '127.0.0.1', port: mariadb.port, name: 'blog', user: 'wp', password: 'pw' }));
  await expect(open([{ type: 'wordpress', folder: site }, { type: 'mysql', host: '127.0.0.1', port: mariadb.port, user: 'wp', databases: ['blog'] }], sourcePorts({ [`mysql://wp@127.0.0.1:${mariadb.port}`]: 'pw' })))
    .rejects.toMatchObject({ code: 'usage', message: 'MySQL database "blog" is in this job twice. Remove one of the two sources that hold it.' });
});
