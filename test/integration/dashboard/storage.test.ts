/** The Storage page in real Chromium: switched on, limits, a quota, credentials that restic can use; a viewer sees no buttons. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { _electron, type Page } from 'playwright-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { resticOn } from '../../helpers/storage.js';
import { tempFolder } from '../../helpers/temp.js';
import { testHub, type TestHub } from '../hub/office.js';
import { expectAccessible, picture } from '../../e2e/app.js';

// A browser's windows take their time.
vi.setConfig({ testTimeout: 120_000 });

const root = path.resolve(import.meta.dirname, '../../..');
const executable = z.string().parse(createRequire(import.meta.url)('electron'));

async function browse(hub: TestHub, url: string): Promise<Page> {
  const browser = await _electron.launch({ executablePath: executable, args: [path.join(root, 'test/helpers/browser'), url, hub.fingerprint], timeout: 60_000 });
  onTestFinished(() => browser.close());
  const page = browser.windows()[0] ?? await browser.firstWindow();
  await page.waitForSelector('h1', { timeout: 30_000 });
  await page.getByRole('tab', { name: 'Storage' }).click();
  await page.getByRole('heading', { name: 'Storage', level: 1 }).waitFor();
  return page;
}

test('storage is switched on, limited and opened for restic; every change is on record; a viewer only looks', async () => {
  const hub = await testHub({ name: 'Office', pageFolder: path.join(root, 'out/renderer/dashboard') });
  const { id } = await hub.admin.addAgent({ name: 'Anna laptop' });
  await hub.admin.addAgent({ name: 'File server' });
  await hub.admin.createUser({ name: 'Vera', role: 'viewer', password: 'correct horse battery' });
  const page = await browse(hub, (await hub.admin.createLoginLink({})).url);
  await page.getByText('Storage is switched off').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Switch on' }).click();
  await page.getByRole('button', { name: 'Switch off' }).waitFor();

  await page.getByRole('button', { name: 'Limits' }).click();
  await page.getByLabel('Each computer, GiB').fill('a lot');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Each computer: write a number of GiB, such as 500.').waitFor();
  await page.getByLabel('Each computer, GiB').fill('200');
  await page.getByLabel('Stays free on the disk, GiB').fill('0.5');
  await expectAccessible(page);
  await picture(page, 'dashboard-storage-limits');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row').filter({ hasText: 'File server' }).getByText('200.0 GiB').first().waitFor();

  await page.getByRole('button', { name: 'Quota of Anna laptop' }).click();
  await page.getByLabel('Quota in GiB').fill('0.01');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row').filter({ hasText: 'Anna laptop' }).getByText('10.2 MiB').first().waitFor();

  await page.getByRole('button', { name: 'New credentials for Anna laptop' }).click();
  await page.getByRole('button', { name: 'Make credentials' }).click();
  await page.getByRole('heading', { name: 'Credentials for restic' }).waitFor();
  const [url = '', user = '', password = ''] = await page.locator('.copybox code').allInnerTexts();
  await expectAccessible(page);
  await picture(page, 'dashboard-storage-credentials');
  await page.getByRole('button', { name: 'Done' }).click();
  const folder = tempFolder();
  const restic = resticOn(hub, { agentId: id, url, user, password }, folder);
  await restic.init();
  await restic.backup([path.join(root, 'docs')]);
  await page.reload();
  await page.getByRole('row').filter({ hasText: 'Anna laptop' }).getByText('just now').waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-storage');
  expect((await hub.admin.listAudit({})).map(({ action, subject }) => `${action} ${subject}`)).toEqual(expect.arrayContaining(['updateStorage ', 'setStorageQuota Anna laptop', 'renewStorageCredentials Anna laptop']));

  const viewer = await browse(hub, (await hub.admin.createLoginLink({ user: 'Vera' })).url);
  await viewer.getByRole('row').filter({ hasText: 'Anna laptop' }).waitFor();
  expect(await viewer.getByRole('button', { name: /Switch|Limits|Quota|credentials/i }).count()).toBe(0);
});
