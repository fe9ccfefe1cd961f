/** Getting things back with clicks: files to where they were and elsewhere, a version found by its name, a database into a real server. Also with no hub and while paused. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startPostgres } from '../helpers/postgres.js';
import { until } from '../helpers/until.js';
import { appFolders, ask, expectAccessible, makeJob, picture, startApp, stateOf } from './app.js';

async function runJob(page: Page, jobId: string): Promise<void> {
  const { runId } = z.object({ runId: z.string() }).parse(await ask(page, 'runJob', { jobId }));
  await until('the backup is finished', async () => (await stateOf(page)).runs.some((run) => run.id === runId && run.state === 'succeeded'));
}

test('files come back to where they were, to another folder, and in the version that was found, while the agent is paused', async () => {
  const folders = appFolders();
  const documents = path.join(folders.home, 'Documents');
  mkdirSync(path.join(documents, 'letters'), { recursive: true });
  const letter = path.join(documents, 'letters', 'to anna.txt');
  writeFileSync(letter, 'first');
  for (let i = 0; i < 30; i += 1) writeFileSync(path.join(documents, `note ${i}.txt`), `note ${i}\n`.repeat(i * 20));
  const app = await startApp({ folders });
  const page = await app.page();
  const jobId = await makeJob(page, [documents], path.join(folders.home, 'repository'));
  await runJob(page, jobId);
  writeFileSync(letter, 'second, and longer');
  await runJob(page, jobId);
  rmSync(path.join(documents, 'letters'), { recursive: true });
  const target = path.join(folders.home, 'Restored');
  await app.electron.evaluate(({ dialog, shell }, folder) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [folder] });
    shell.openPath = (opened) => { (globalThis as { opened?: string }).opened = opened; return Promise.resolve(''); };
  }, target);
  await ask(page, 'pause', { until: null });
  await page.reload();

  await page.getByRole('tab', { name: 'Restore' }).click();
  await page.getByRole('heading', { name: 'Restore', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Open Documents', exact: true }).click();
  await page.getByRole('row', { name: 'note 2.txt' }).waitFor();
  await expectAccessible(page);
  await picture(page, 'restore-1-folder');

  // by keyboard: to the list, tick its first row, on to the button
  await page.getByRole('row', { name: 'letters' }).focus();
  await page.keyboard.press('Space');
  await page.getByText('"letters" chosen').waitFor();
  await page.getByRole('button', { name: 'Restore…' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Restore "letters"' }).waitFor();
  await picture(page, 'restore-2-where');
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByText(/^Restored "letters" to where it was: 1 file/).waitFor();
  expect(readFileSync(letter, 'utf8')).toBe('second, and longer');

  await page.getByLabel('Find in all backups').fill('TO ANNA');
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await page.getByText('2 versions found').waitFor();
  await expectAccessible(page);
  await picture(page, 'restore-3-found');
  await page.getByRole('button', { name: /^Show .*to anna\.txt/ }).last().click();
  await page.getByText('"to anna.txt" chosen').waitFor();
  await page.getByRole('button', { name: 'Restore…' }).click();
  await page.getByText('Another folder').click();
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await page.getByText(target).waitFor();
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByText(`Restored "to anna.txt" to ${target}: 1 file`).waitFor();
  expect(readFileSync(path.join(target, 'to anna.txt'), 'utf8')).toBe('first');
  await page.getByRole('button', { name: 'Open folder' }).first().click();
  await until('the folder is opened', async () => (await app.electron.evaluate(() => (globalThis as { opened?: string }).opened)) === target);
  await picture(page, 'restore-4-done');
  expect((await stateOf(page)).connection.state).toBe('paused');
});

test('a database is loaded into a new one of a server that is named, and over one only when its name is typed', async () => {
  const postgres = await startPostgres();
  const folders = appFolders();
  try {
    await postgres.sql('create database shop');
    await postgres.sql('create table goods (id int primary key, name text); insert into goods select n, \'ware \' || n from generate_series(1, 500) n', 'shop');
    const app = await startApp({ folders });
    const page = await app.page();
    const url = path.join(folders.home, 'repository');
    await makeJob(page, [folders.home], url);
    const server = { type: 'postgresql', host: '127.0.0.1', port: postgres.port, user: 'postgres' };
    await ask(page, 'setSourcePassword', { target: `postgresql://postgres@127.0.0.1:${postgres.port}`, password: postgres.password });
    const draft = { name: 'Shop', sources: [{ ...server, databases: ['shop'] }], destination: { id: 'test', name: 'Test disk', url }, schedule: { type: 'manual' } };
    const { job } = z.object({ job: z.object({ id: z.string() }) }).parse(await ask(page, 'createJob', { draft }));
    await until('the job is here', async () => (await stateOf(page)).jobs.some((view) => view.job.id === job.id));
    await runJob(page, job.id);
    const saved = path.join(folders.home, 'shop.dump');
    await app.electron.evaluate(({ dialog }, filePath) => { dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath }); }, saved);
    await page.reload();

    await page.getByRole('tab', { name: 'Restore' }).click();
    await page.getByRole('button', { name: /Job$/ }).click();
    await page.getByRole('option', { name: 'Shop' }).click();
    // the list begins where all of the job's dumps are
    await page.getByRole('button', { name: `Open 127.0.0.1:${postgres.port}`, exact: true }).click();
    await page.getByRole('row', { name: 'shop.dump' }).click();
    await page.getByRole('button', { name: 'Load the database…' }).click();
    await page.getByRole('heading', { name: 'PostgreSQL database "shop"' }).waitFor();
    expect(await page.getByLabel('Database', { exact: true }).inputValue()).toBe('shop_restored');
    await expectAccessible(page);
    await picture(page, 'restore-5-database');
    await page.getByRole('button', { name: 'Load', exact: true }).click();
    await page.getByText(/^Restored PostgreSQL database "shop" to "shop_restored" at .*: 1 table, 500 rows\.$/).waitFor();
    expect((await postgres.sql('select count(*) from goods', 'shop_restored')).trim()).toBe('500');
    await picture(page, 'restore-6-database-done');

    // over one that is there: not by itself
    await postgres.sql('delete from goods', 'shop_restored');
    const open = async (): Promise<void> => {
      await page.getByRole('row', { name: 'shop.dump' }).click();
      await page.getByRole('button', { name: 'Load the database…' }).click();
    };
    await open();
    await page.getByRole('button', { name: 'Load', exact: true }).click();
    await page.getByText(/has a database "shop_restored" already/).waitFor();
    expect((await postgres.sql('select count(*) from goods', 'shop_restored')).trim()).toBe('0');
    await open();
    await page.getByLabel('Replace it').fill('shop_restored');
    await page.getByRole('button', { name: 'Load', exact: true }).click();
    await until('it is replaced', async () => (await postgres.sql('select count(*) from goods', 'shop_restored')).trim() === '500');

    await open();
    await page.getByText('Save it as a file').click();
    await page.getByRole('button', { name: 'Choose a file…' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await until('the dump is saved', () => Promise.resolve(existsSync(saved)));
    expect(readFileSync(saved).subarray(0, 5).toString()).toBe('PGDMP');
  } finally {
    await postgres.stop();
  }
});
