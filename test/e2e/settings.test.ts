/** The Settings place of the real app, where there is no service manager to be had. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../helpers/until.js';
import { answerDialog, ask, connected, expectAccessible, makeJob, picture, startApp } from './app.js';

test('settings say how the app starts, updates and goes, and keep what is changed', async () => {
  const app = await startApp();
  const page = await app.page();
  await makeJob(page, [app.folders.home], path.join(app.folders.data, 'repository'));
  await page.reload();
  await connected(page);
  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
  await page.getByText(/has no systemd session here|This computer has no systemd/).waitFor();
  await page.getByText('This installation belongs to your package manager').waitFor();
  await page.getByText(path.join(app.folders.data, 'settings.json')).waitFor();
  await expectAccessible(page);
  await picture(page, 'settings');

  const notifications = (): unknown => (JSON.parse(readFileSync(path.join(app.folders.data, 'settings.json'), 'utf8')) as { notifications: unknown }).notifications;
  await page.getByText('Tell me when a backup fails or needs me').click();
  await until('it is in the file', () => notifications() === false);
  await expect(ask(page, 'changeSettings', { updates: { automatic: true, url: 'http://elsewhere.example/' } })).rejects.toThrow('New versions come over https only');

  await page.getByRole('button', { name: 'Remove Holdfast…' }).click();
  await page.getByText(/^Documents, into Test disk$/).waitFor();
  await page.getByText(`A repository is in ${app.folders.data}/repository; it stays.`).waitFor();
  await expectAccessible(page);
  await picture(page, 'settings-remove');

  // The page alone cannot do it: the system's own dialog asks as well.
  await answerDialog(app, 1);
  await page.getByRole('button', { name: 'Remove Holdfast', exact: true }).click();
  await until('it was called off', async () => (await page.getByRole('dialog').count()) === 0);
  await page.getByRole('button', { name: 'Remove Holdfast…' }).click();
  await answerDialog(app, 0);
  await page.getByRole('button', { name: 'Remove Holdfast', exact: true }).click();
  await app.ended;
  await until('nothing but the repository is there', () => readdirSync(app.folders.data).join() === 'repository');
  expect(existsSync(path.join(app.folders.data, 'repository/config'))).toBe(true);
});
