/** From the first click to a backup that the official restic restores. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runOk } from '../helpers/processes.js';
import { startSshServer } from '../helpers/sshd.js';
import { tempFolder } from '../helpers/temp.js';
import { appFolders, expectAccessible, picture, startApp } from './app.js';

test('three clicks lead from the first start to a backup that restic restores', async () => {
  const folders = appFolders();
  const documents = path.join(folders.home, 'Documents');
  mkdirSync(path.join(documents, 'letters'), { recursive: true });
  mkdirSync(path.join(folders.home, 'Pictures'));
  for (let i = 0; i < 40; i += 1) writeFileSync(path.join(documents, 'letters', `letter ${i}.txt`), `Dear reader ${i},\n`.repeat(i * 50));
  writeFileSync(path.join(folders.home, 'Pictures', 'sea.raw'), Buffer.alloc(3_000_000, 'sea'));

  const app = await startApp({ folders });
  const page = await app.page();
  const problems: string[] = [];
  page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text()); });
  page.on('pageerror', (error) => problems.push(error.message));
  const kitFile = path.join(tempFolder(), 'kit.txt');
  await app.electron.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, kitFile);

  await page.getByRole('heading', { name: 'What should be backed up?' }).waitFor();
  await page.getByRole('checkbox', { name: /Documents/ }).waitFor();
  expect(await page.getByRole('checkbox', { name: /Documents/ }).isChecked()).toBe(true);
  expect(await page.getByRole('checkbox', { name: /Pictures/ }).isChecked()).toBe(true);
  await expectAccessible(page);
  await picture(page, 'first-start-1-folders');
  await page.getByRole('button', { name: 'Continue' }).click();

  await page.getByRole('heading', { name: 'Where should the backup go?' }).waitFor();
  await page.getByText('This is on the same disk as your files').waitFor();
  await expectAccessible(page);
  await picture(page, 'first-start-2-destination');
  await page.getByRole('button', { name: 'Continue' }).click();

  await page.getByRole('heading', { name: 'Keep this recovery kit' }).waitFor();
  await page.getByRole('button', { name: 'Save…' }).waitFor();
  await expectAccessible(page);
  await picture(page, 'first-start-3-recovery-kit');
  await page.getByRole('button', { name: 'Save…' }).click();

  await page.getByRole('heading', { name: 'Your files are backed up' }).waitFor({ timeout: 60_000 });
  await expectAccessible(page);
  await picture(page, 'first-start-4-done');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('heading', { name: 'Documents and Pictures' }).waitFor();
  await page.getByText('Protected', { exact: true }).first().waitFor();
  await expectAccessible(page);
  await picture(page, 'jobs');

  const kit = readFileSync(kitFile, 'utf8');
  expect(statSync(kitFile).mode & 0o777).toBe(0o600);
  const password = /^Password:\s+(\S+)$/m.exec(kit)?.[1] ?? '';
  const repository = /^Repository:\s+(.+)$/m.exec(kit)?.[1] ?? '';
  const restored = tempFolder();
  const env = { RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: tempFolder() };
  await runOk('restic', ['-r', repository, 'check', '--read-data'], { env });
  await runOk('restic', ['-r', repository, 'restore', 'latest', '--target', restored], { env });
  await runOk('diff', ['-r', documents, path.join(restored, documents)]);
  expect(problems).toEqual([]);
});

test('a server is tried out and its key confirmed; the recovery kit cannot be passed by, and a cancelled dialog changes nothing', async () => {
  const server = await startSshServer();
  onTestFinished(() => server.stop());
  const folders = appFolders();
  mkdirSync(path.join(folders.home, 'Documents'));
  const app = await startApp({ folders });
  const page = await app.page();
  await app.electron.evaluate(({ dialog }) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: true, filePath: '' });
  });
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Where should the backup go?' }).waitFor();
  await page.getByRole('button', { name: 'Use a server or cloud storage…' }).click();
  await expectAccessible(page);
  await picture(page, 'first-start-server-spaces');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText('DigitalOcean Spaces needs the field "Region". Fill it in.').waitFor();
  await page.getByRole('button', { name: /Service/ }).click();
  await page.getByRole('option', { name: 'A server over SSH' }).click();
  const repository = path.join(tempFolder(), 'backups', 'laptop');
  for (const [label, text] of [['Name or address', '127.0.0.1'], ['Port', String(server.port)], ['User name', server.user], ['Folder', repository], ['Private key file', server.keyFile]] as const) await page.getByRole('textbox', { name: label }).fill(text);
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText(`The host key of 127.0.0.1:${server.port} is not known yet: ssh-ed25519 ${server.fingerprint}.`).waitFor();
  await expectAccessible(page);
  await picture(page, 'first-start-server-fingerprint');
  await page.getByRole('button', { name: "This is the server's fingerprint, trust it" }).click();
  await page.getByText('It works: a small file was written, listed, read and deleted.').waitFor();
  await page.getByRole('button', { name: 'Use this place' }).click();
  await page.getByRole('radio', { name: /A server over SSH, 127\.0\.0\.1/ }).waitFor();
  await expectAccessible(page);
  await picture(page, 'first-start-server-chosen');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Keep this recovery kit' }).waitFor();
  expect(readdirSync(repository)).toContain('config');
  await page.getByRole('button', { name: 'Save…' }).click();
  await page.getByRole('button', { name: 'Save…', disabled: false }).waitFor();
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Keep this recovery kit');
  expect(await page.getByRole('button').allInnerTexts()).toEqual(['Copy', 'Save…', 'Print…', 'Back']);
});
