/** The Restore page in real Chromium: an admin looks into a computer's backup and restores there, once its owner said yes; a viewer does not look. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { _electron } from 'playwright-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { joinedComputer } from '../../helpers/joined-computer.js';
import { tempFolder } from '../../helpers/temp.js';
import { testHub } from '../hub/office.js';
import { expectAccessible, picture } from '../../e2e/app.js';

// A browser's windows take their time.
vi.setConfig({ testTimeout: 120_000 });

const root = path.resolve(import.meta.dirname, '../../..');
const executable = z.string().parse(createRequire(import.meta.url)('electron'));

test('files of a computer are looked for on the dashboard and restored there after a yes', async () => {
  const hub = await testHub({ name: 'Office', pageFolder: path.join(root, 'out/renderer/dashboard') });
  const folder = tempFolder();
  const documents = path.join(folder, 'Documents');
  mkdirSync(path.join(documents, 'letters'), { recursive: true });
  writeFileSync(path.join(documents, 'letters', 'anna.txt'), 'dear anna');
  for (let i = 0; i < 8; i += 1) writeFileSync(path.join(documents, `note ${i}.txt`), `note ${i}\n`.repeat(i * 50));
  const { control } = await joinedComputer(hub, folder, documents);
  await control.call('setAskAbout', { askAbout: 'everyone' });
  const browser = await _electron.launch({ executablePath: executable, args: [path.join(root, 'test/helpers/browser'), (await hub.admin.createLoginLink({})).url, hub.fingerprint], timeout: 60_000 });
  onTestFinished(() => browser.close());
  const page = browser.windows()[0] ?? await browser.firstWindow();
  await page.waitForSelector('h1', { timeout: 30_000 });

  await page.getByRole('tab', { name: 'Restore' }).click();
  await page.getByRole('heading', { name: 'Restore', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Open Documents', exact: true }).click();
  await page.getByRole('row', { name: 'note 2.txt' }).click();
  await page.getByRole('row', { name: 'letters' }).click();
  await page.getByText('2 files and folders chosen').waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-restore-1-folder');
  const target = path.join(folder, 'Restored');
  await page.getByRole('button', { name: 'Restore…' }).click();
  await page.getByLabel(/^Folder on /).fill('Restored');
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByText(/a path must be absolute/).waitFor();
  await page.getByLabel(/^Folder on /).fill(target);
  await picture(page, 'dashboard-restore-2-where');
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByText(/waits for a yes on that computer/).waitFor();
  await picture(page, 'dashboard-restore-3-waiting');
  const [question] = (await control.call('state', {})).consent.waiting;
  await control.call('answerConsent', { ids: [question?.id ?? ''], answer: 'allow' });
  await page.getByText(/^Restored 2 files and folders to .*: 2 files/).waitFor();
  expect(readFileSync(path.join(target, 'letters', 'anna.txt'), 'utf8')).toBe('dear anna');
  await expectAccessible(page);
  await picture(page, 'dashboard-restore-4-done');
});
