/** The hub's page in real Chromium, as an office uses it: a real hub with its self-signed certificate, and a real tunnel. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { _electron, type Page } from 'playwright-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { parseLink } from '../../../main/shared/protocol/link.js';
import { askHub } from '../../helpers/hub-client.js';
import { draft, someResult, testAgent, testHub, type TestHub } from '../hub/office.js';
import { until } from '../../helpers/until.js';
import { expectAccessible, picture } from '../../e2e/app.js';

// A browser's windows take their time.
vi.setConfig({ testTimeout: 120_000 });

const root = path.resolve(import.meta.dirname, '../../..');
const executable = z.string().parse(createRequire(import.meta.url)('electron'));

const hubWithPage = (): Promise<TestHub> => testHub({ name: 'Office', pageFolder: path.join(root, 'out/renderer/dashboard') });

/** A window of a browser that trusts this hub's certificate, and what its console complained of. */
async function browse(hub: TestHub, url: string): Promise<{ page: Page; complaints: string[] }> {
  const browser = await _electron.launch({ executablePath: executable, args: [path.join(root, 'test/helpers/browser'), url, hub.fingerprint], timeout: 60_000 });
  onTestFinished(() => browser.close());
  const page = browser.windows()[0] ?? await browser.firstWindow();
  const complaints: string[] = [];
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('status of 401')) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.waitForSelector('h1', { timeout: 30_000 });
  return { page, complaints };
}

const place = async (page: Page, name: string): Promise<void> => {
  await page.getByRole('tab', { name }).click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
};
const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

test('an office on the page: log in, let a computer join, give it a job, watch it run, delete it', async () => {
  const hub = await hubWithPage();
  const link = await hub.admin.createLoginLink({});
  const { page, complaints } = await browse(hub, link.url);
  await page.getByRole('heading', { name: 'Agents', level: 1 }).waitFor();
  await page.getByText('No computers yet').waitFor();
  expect(page.url()).not.toContain('login=');
  await expectAccessible(page);
  await picture(page, 'dashboard-empty');

  // A password, then out and in again with it.
  await page.getByRole('button', { name: 'Set a password' }).click();
  await page.getByLabel('New password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText('The password is set').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password').fill('not the password');
  await page.keyboard.press('Enter');
  await page.getByText('The name or the password is wrong.').waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-login');
  await page.getByLabel('Password').fill('correct horse battery');
  await page.keyboard.press('Enter');

  // A setup token, used by a real enrolment.
  await place(page, 'Setup tokens');
  await page.getByRole('button', { name: 'New setup token' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Accounting');
  await page.getByLabel('Number of computers').fill('1');
  await page.getByRole('button', { name: 'Create' }).click();
  const command = await page.locator('code').filter({ hasText: 'holdfast join' }).innerText();
  await expectAccessible(page);
  await picture(page, 'dashboard-setup-token');
  const setup = parseLink(/'(.+)'/.exec(command)?.[1] ?? '');
  expect(setup).toMatchObject({ kind: 'join', url: hub.url, fingerprint: hub.fingerprint });
  const enrolled = await askHub(hub.url, '/api/enrol', {
    method: 'POST', headers: { authorization: `Bearer ${setup.token}` }, body: { name: 'Accounting iMac', host: 'imac', os: 'darwin', arch: 'arm64', version: '0.1.0' },
  });
  const identity = z.object({ agentId: z.string(), token: z.string() }).parse(enrolled.json);
  const agent = testAgent(hub, { id: identity.agentId, token: identity.token });
  agent.onStart = (runId, jobId) => void (async () => {
    await agent.journal.record(runId, jobId, { type: 'queued', jobName: 'Books', trigger: 'manual' });
    await agent.journal.record(runId, jobId, { type: 'started' });
    await agent.journal.record(runId, jobId, { type: 'log', level: 'info', message: 'Backing up /Users/ann/Books' });
    await agent.journal.record(runId, jobId, { type: 'progress', progress: { phase: 'backing-up', filesDone: 40, bytesDone: 4_000_000, filesTotal: 100, bytesTotal: 10_000_000, bytesStored: 0, errors: 0, currentPath: null } });
  })();
  agent.start();
  await agent.connected();
  await page.getByRole('button', { name: 'Done' }).click();
  await row(page, 'Accounting').getByText('Used up').waitFor();

  // A second computer by hand; its token is used as it stands in the link.
  await place(page, 'Agents');
  await page.getByRole('button', { name: 'Add manually' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('File server');
  await page.getByRole('button', { name: 'Generate agent token' }).click();
  await page.getByRole('button', { name: /Operating system/ }).click();
  await page.getByRole('option', { name: 'Fedora, openSUSE' }).click();
  await page.getByText(/dnf install .*x86_64\.rpm/).waitFor();
  await page.getByRole('listbox').waitFor({ state: 'detached' });
  expect(await page.locator('code').filter({ hasText: 'holdfast://agent' }).count()).toBe(1);
  await expectAccessible(page);
  await picture(page, 'dashboard-manual');
  await page.getByRole('button', { name: 'Done' }).click();
  await row(page, 'Accounting iMac').getByText('Online').waitFor();

  // A job by its form, with a mistake first.
  await place(page, 'Jobs');
  await page.getByRole('button', { name: 'New job' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Books');
  await page.getByRole('textbox', { name: 'Folders' }).fill('Books');
  await page.getByRole('textbox', { name: 'Destination' }).fill('/Volumes/Backup');
  await page.getByRole('button', { name: 'Create job' }).click();
  await page.getByText('Folders: a path must be absolute.').waitFor();
  await page.getByRole('textbox', { name: 'Folders' }).fill('/Users/ann/Books');
  await expectAccessible(page);
  await picture(page, 'dashboard-job-form');
  await page.getByRole('button', { name: 'Create job' }).click();
  await row(page, 'Books').waitFor();
  await until('the agent has the job', () => agent.jobs.jobs.some((job) => job.name === 'Books'));

  // It runs, seen live.
  await page.getByRole('button', { name: 'Run Books now' }).click();
  await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
  await page.getByText('40%').waitFor();
  await page.getByRole('button', { name: 'View the run of Books on Accounting iMac' }).click();
  await page.getByText('Backing up /Users/ann/Books').waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-run');
  const runId = agent.started[0] ?? '';
  await agent.journal.record(runId, agent.jobs.jobs[0]?.id ?? '', { type: 'finished', state: 'succeeded', result: someResult(), error: null });
  await page.getByText('3 new, 0 changed, 0 unchanged').waitFor();
  await page.getByRole('button', { name: 'Close' }).click();

  await place(page, 'Jobs');
  await page.getByRole('button', { name: 'Pause Books' }).click();
  await row(page, 'Books').getByText('Paused', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Resume Books' }).click();
  await row(page, 'Books').getByText('Protected').waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-jobs');

  await place(page, 'Agents');
  await expectAccessible(page);
  await picture(page, 'dashboard-agents');
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, 'dashboard-agents-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByRole('button', { name: 'Delete Accounting iMac' }).click();
  await page.getByText('1 job will be deleted with it').waitFor();
  await page.getByRole('listitem').getByText('Books').waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-delete');
  await page.getByRole('button', { name: 'Delete computer' }).click();
  await until('its agent is told', () => agent.tunnel.connection.state === 'stopped');
  expect((await hub.admin.listAgents({})).map(({ name }) => name)).toEqual(['File server']);

  await place(page, 'Settings');
  await page.getByRole('cell', { name: 'Admin' }).first().waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-settings');
  await place(page, 'Audit log');
  await page.getByText('deleted the computer Accounting iMac').waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-audit');
  expect(complaints).toEqual([]);
});

test('a viewer sees no buttons that change things, and places are reached by keyboard', async () => {
  const hub = await hubWithPage();
  const { id } = await hub.admin.addAgent({ name: 'laptop' });
  await hub.admin.createJob({ agentId: id, draft: draft() });
  await hub.admin.createUser({ name: 'Vera', role: 'viewer', password: 'correct horse battery' });
  const { page, complaints } = await browse(hub, (await hub.admin.createLoginLink({ user: 'Vera' })).url);
  await row(page, 'laptop').waitFor();
  expect(await page.getByRole('button', { name: /Delete|Rename|Add|Let computers/ }).count()).toBe(0);
  await page.getByRole('tab', { name: 'Agents' }).focus();
  for (let n = 0; n < 2; n += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
  await row(page, 'Documents').waitFor();
  expect(await page.getByRole('button', { name: /Run|Pause|Edit|Assign|Delete|New/ }).count()).toBe(0);
  await page.reload();
  await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
  expect(complaints).toEqual([]);

  const { headers } = await askHub(hub.url, '/');
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[^']+'; img-src 'self'; .*frame-ancestors 'none'$/);
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
  expect((await askHub(hub.url, '/assets/..%2findex.html')).status).toBe(404);
});

test('a company on the page: computers page by page, found by name', async () => {
  const hub = await hubWithPage();
  for (let n = 1; n <= 60; n += 1) await hub.admin.addAgent({ name: `Computer ${String(n).padStart(2, '0')}` });
  const { page, complaints } = await browse(hub, (await hub.admin.createLoginLink({})).url);
  await page.getByText('1 to 50 of 60').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.getByText('51 to 60 of 60').waitFor();
  await row(page, 'Computer 60').waitFor();
  await picture(page, 'dashboard-agents-pages');
  await page.getByLabel('Find by name').fill('computer 07');
  await row(page, 'Computer 07').waitFor();
  await row(page, 'Computer 06').waitFor({ state: 'detached' });
  expect(await page.getByRole('row').count()).toBe(2);
  await page.getByLabel('Find by name').fill('nobody');
  await page.getByText('No computer has "nobody" in its name.').waitFor();
  expect(complaints).toEqual([]);
});

test('problems on the page: who is told is added, changed and removed, and what counts is set', async () => {
  const hub = await hubWithPage();
  const { page, complaints } = await browse(hub, (await hub.admin.createLoginLink({})).url);
  await place(page, 'Alerts');
  await page.getByText('Nothing is wrong').waitFor();
  await page.getByText('Nobody is told of problems yet').waitFor();
  await page.getByRole('button', { name: 'Add a way to be told' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ann');
  await page.getByLabel('Mail server').fill('mail.example.org');
  await page.getByRole('textbox', { name: 'User' }).fill('ann');
  await page.getByLabel('Mail password').fill('tea and biscuits');
  await page.getByRole('textbox', { name: 'From' }).fill('hub@example.org');
  await page.getByRole('textbox', { name: 'To', exact: true }).fill('ann@example.org');
  await expectAccessible(page);
  await picture(page, 'dashboard-channel-new');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await row(page, 'ann@example.org through mail.example.org:587').waitFor();

  // Changed without its password, which stays.
  await page.getByRole('button', { name: 'Edit Ann' }).click();
  await page.getByRole('heading', { name: 'Change "Ann"' }).waitFor();
  expect(await page.getByLabel('Mail password').inputValue()).toBe('');
  await page.getByRole('textbox', { name: 'To', exact: true }).fill('ann@example.org, bob@example.org');
  await expectAccessible(page);
  await picture(page, 'dashboard-channel-edit');
  await page.getByRole('button', { name: 'Save' }).click();
  await row(page, 'ann@example.org, bob@example.org').waitFor();
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByLabel('A computer is gone after (days)').fill('3');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('A computer that was not connected for 3 days.').waitFor();
  await expectAccessible(page);
  await picture(page, 'dashboard-alerts');
  await page.getByRole('button', { name: 'Remove Ann' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('Nobody is told of problems yet').waitFor();
  expect(complaints).toEqual([]);
});
