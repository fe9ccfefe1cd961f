/** The Settings place of the real app, where there is no service manager to be had. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runOk, start } from '../helpers/processes.js';
import { SessionBus } from '../helpers/session-bus.js';
import { tempFolder } from '../helpers/temp.js';
import { TrayIcon } from '../helpers/tray.js';
import { until } from '../helpers/until.js';
import { answerDialog, ask, clickTray, connected, expectAccessible, makeJob, picture, startApp, stateOf } from './app.js';

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

test('the tray removes Holdfast: its window says which jobs the hub has for this computer, and the hub lets go of them', async () => {
  const command = path.resolve(import.meta.dirname, '../../out/main/cli/holdfast.js');
  const env = { HOLDFAST_DATA: tempFolder(), HOLDFAST_SECRETS: 'file' };
  const hub = async (...args: string[]): Promise<unknown> => JSON.parse(await runOk(process.execPath, [command, ...args, '--json'], { env }));
  const [, url = ''] = await start(process.execPath, [command, 'hub', '--listen', '127.0.0.1:0'], { env }).line(/^listening on (\S+)/);
  const { link } = await hub('setup-token', 'create', 'test') as { link: string };
  const app = await startApp();
  const first = await app.page();
  await connected(first);
  await ask(first, 'join', { link, allow: [app.folders.home] });
  await until('it is connected to that hub', async () => (await stateOf(first)).connection.hub === url);
  const disk = tempFolder();
  await makeJob(first, [app.folders.home], path.join(disk, 'repository'));
  expect(await hub('job', 'list')).toMatchObject([{ name: 'Documents' }]);
  await first.close();

  const bus = new SessionBus();
  onTestFinished(() => bus.close());
  await clickTray(await TrayIcon.find(bus, { pid: app.pid }), 'Remove Holdfast…');
  const page = await app.page();
  await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Remove Holdfast…' }).click();
  await page.getByText(/^Documents, into Test disk$/).waitFor();
  await page.getByText(`The hub ${url} is told.`).waitFor();
  await picture(page, 'tray-remove');
  await answerDialog(app, 0);
  await page.getByRole('button', { name: 'Remove Holdfast', exact: true }).click();
  await app.ended;
  expect(await hub('job', 'list')).toEqual([]);
  expect(await hub('agents', 'list')).toEqual([]);
  await until('nothing is left', () => !existsSync(app.folders.data));
});
