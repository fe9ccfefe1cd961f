/** "Look for databases and sites" in the window's set-up: what is found is added with a click and is in the backup. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { tempFolder } from '../helpers/temp.js';
import { until } from '../helpers/until.js';
import { appFolders, ask, expectAccessible, picture, startApp, stateOf } from './app.js';

test('a database that is found in the chosen folders is added with a click, and its dump is in the first backup', async () => {
  const folders = appFolders();
  const documents = path.join(folders.home, 'Documents');
  mkdirSync(documents);
  const file = path.join(documents, 'shop.sqlite');
  const database = new Database(file);
  database.exec('create table goods (id integer primary key, name text); insert into goods (name) values (\'tea\'), (\'biscuits\')');
  database.close();
  const app = await startApp({ folders });
  const page = await app.page();
  await app.electron.evaluate(({ dialog }, filePath) => { dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath }); }, path.join(tempFolder(), 'kit.txt'));
  await page.getByRole('checkbox', { name: /Documents/ }).waitFor();
  await page.getByRole('button', { name: 'Look for databases and sites' }).click();
  await page.getByText(`An SQLite database is in ${file}`).waitFor();
  await expectAccessible(page);
  await picture(page, 'first-start-discover');
  await page.getByRole('button', { name: `Add SQLite database ${file}` }).click();
  await page.getByRole('button', { name: `Remove SQLite database ${file}` }).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Where should the backup go?' }).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Save…' }).click();
  await page.getByRole('heading', { name: 'Your files are backed up' }).waitFor({ timeout: 60_000 });
  const [view] = (await stateOf(page)).jobs;
  expect(view?.job.sources).toMatchObject([{ type: 'files' }, { type: 'sqlite', path: file }]);
  await until('its dump is in the backup', async () => {
    const page1 = await ask(page, 'browse', { jobId: view?.job.id, snapshotId: 'latest', folder: `/databases/sqlite${documents}` });
    return JSON.stringify(page1).includes('shop.sqlite');
  });
});
