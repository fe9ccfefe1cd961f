/** The window asks its owner before the hub gets what it wants, and takes programs around the backup. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { connectHubAdmin } from '../../main/hub/index.js';
import { until } from '../helpers/until.js';
import { appFolders, ask, expectAccessible, makeJob, picture, startApp, stateOf } from './app.js';

test('what the hub wants waits in the window until it is allowed or refused', async () => {
  const folders = appFolders();
  const documents = path.join(folders.home, 'Documents');
  const letters = path.join(folders.home, 'Letters');
  for (const folder of [documents, letters]) {
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'x'), 'content');
  }
  const hook = path.join(folders.home, 'freeze-database');
  writeFileSync(hook, '#!/bin/sh\necho frozen\n');
  chmodSync(hook, 0o755);
  const app = await startApp({ folders });
  const page = await app.page();
  const jobId = await makeJob(page, [documents], path.join(folders.home, 'repository'));
  await ask(page, 'setAskAbout', { askAbout: 'everyone' });
  const admin = await connectHubAdmin(path.join(folders.data, 'hub'));
  const [job] = await admin.listJobs({});
  if (job === undefined) throw new Error('no job');
  await admin.updateJob({ id: jobId, draft: { ...job, sources: [{ type: 'files', paths: [documents, letters] }], hooks: { pre: hook } } });

  const later = page.getByRole('button', { name: 'Done' });
  if (await later.isVisible()) await later.click();
  await until('both are asked', async () => (await stateOf(page)).consent.waiting.length === 2);
  await page.reload();
  const card = page.getByRole('region', { name: 'Waiting for your answer' });
  await card.waitFor();
  await expectAccessible(page);
  await picture(page, 'consent-1-waiting');
  await card.getByRole('button', { name: `Allow to run the program ${hook}` }).click();
  await until('one is left', async () => (await stateOf(page)).consent.waiting.length === 1);
  await card.getByRole('button', { name: `Refuse to back up the folder ${letters}` }).click();
  await card.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText('On this computer it was refused to back up the folder').first().waitFor();
  await picture(page, 'consent-2-refused');

  await page.getByRole('button', { name: 'Programs…' }).click();
  await page.getByRole('dialog').getByLabel('At the end of the run').fill(hook);
  await expectAccessible(page);
  await picture(page, 'consent-3-programs');
  await page.getByRole('button', { name: 'Save' }).click();
  await until('the hub has it', async () => (await admin.listJobs({}))[0]?.hooks.post === hook);
  expect((await admin.listJobs({}))[0]).toMatchObject({ held: { state: 'refused' }, hooks: { pre: hook, post: hook } });
});
