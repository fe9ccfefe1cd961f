/** What the window shows, what its page cannot do, and that a backup does not make the app slow. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { lanAddresses } from '../../main/hub/index.js';
import { until } from '../helpers/until.js';
import { appFolders, ask, connected, expectAccessible, makeJob, picture, startApp, stateOf } from './app.js';

/** Whether a hub is at that address. */
function answers(host: string | undefined, port: string): Promise<boolean> {
  if (host === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    get({ host, port, path: '/healthz', rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

test('the places are reached by keyboard, and say how things are', async () => {
  const folders = appFolders();
  const documents = path.join(folders.home, 'Documents');
  mkdirSync(documents);
  writeFileSync(path.join(documents, 'a.txt'), 'a');
  const app = await startApp({ folders });
  const page = await app.page();
  const jobId = await makeJob(page, [documents], path.join(folders.home, 'repository'));
  await ask(page, 'runJob', { jobId });
  await page.reload();
  await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
  await page.getByText('Finished', { exact: true }).last().waitFor();

  await page.getByRole('button', { name: /^Finished/ }).click();
  await page.getByText('1 new, 0 changed, 0 unchanged').first().waitFor();
  await expectAccessible(page);
  await picture(page, 'jobs-run-open');

  await page.getByRole('tab', { name: 'Jobs' }).focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: "Connected to this computer's hub" }).waitFor();
  await page.getByText(/^Kept in /).waitFor();
  await expectAccessible(page);
  await picture(page, 'connection');

  // The system's browser is not there: what it would get is kept.
  await app.electron.evaluate(({ shell }) => { shell.openExternal = (url) => Promise.resolve(void Object.assign(globalThis, { opened: url })); });
  await page.getByRole('button', { name: 'Open dashboard' }).click();
  const opened = await until('the dashboard is opened', () => app.electron.evaluate(() => { const { opened } = globalThis as { opened?: string }; return opened; }));
  expect(opened).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/#login=[\w-]+$/);
  const { port } = new URL(opened);

  const [address] = lanAddresses();
  await page.getByText('Other computers in my network may reach it').click();
  await page.getByText(address === undefined ? 'This computer is in no network now' : `https://${address}:${port}`).waitFor();
  await page.getByRole('heading', { name: "Connected to this computer's hub" }).waitFor();
  expect(await answers(address, port)).toBe(address !== undefined);
  await expectAccessible(page);
  await picture(page, 'connection-network');
  await page.getByText('Other computers in my network may reach it').click();
  await until('the others are kept out again', async () => !(await answers(address, port)));
  await page.getByRole('heading', { name: "Connected to this computer's hub" }).waitFor();

  await page.getByRole('button', { name: 'Pause agent' }).click();
  await page.getByRole('menuitem', { name: 'For 1 hour' }).click();
  await page.getByText('The agent is paused for another').waitFor();
  await page.getByRole('button', { name: 'Resume agent' }).click();
  await connected(page);

  await page.getByLabel('Setup link').fill('https://somewhere.example/');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByText('This is not a setup link').waitFor();

  await page.getByRole('tab', { name: 'Logs' }).click();
  await page.getByText(/Backup of "Documents" finished/).waitFor();
  await expectAccessible(page);
  await picture(page, 'logs');
  await page.getByRole('radio', { name: 'Errors' }).click();
  await page.getByText('Nothing to show').waitFor();
  await page.getByRole('radio', { name: 'Information' }).click();
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByText(/lines copied/).waitFor();
  expect(await app.electron.evaluate(({ clipboard }) => clipboard.readText())).toContain('Backup of "Documents" finished');
});

test('the page cannot leave the app, open windows, reach Node or load anything foreign', async () => {
  const app = await startApp();
  const page = await app.page();
  const address = page.url();
  const seen = await page.evaluate(async () => ({
    node: 'process' in window || 'require' in window,
    opened: window.open('https://example.org/') !== null,
    fetched: await fetch('https://example.org/').then(() => true, () => false),
    bridge: Object.keys(window.holdfast).sort(),
    // Later, because what a debugger evaluates at once is excused from the policy.
    evaluated: await new Promise((resolve) => { setTimeout(() => { try { resolve(new Function('return true')()); } catch { resolve(false); } }, 0); }),
    inlined: await new Promise((resolve) => {
      setTimeout(() => {
        const script = document.createElement('script');
        script.textContent = 'document.title = "inline"';
        document.head.append(script);
        resolve(document.title === 'inline');
      }, 0);
    }),
    permission: (await navigator.permissions.query({ name: 'geolocation' })).state,
  }));
  expect(seen).toEqual({ node: false, opened: false, fetched: false, bridge: ['call', 'listen'], evaluated: false, inlined: false, permission: 'denied' });
  await page.evaluate(() => { location.href = 'https://example.org/'; });
  await page.waitForTimeout(300);
  expect(page.url()).toBe(address);
  expect(app.electron.windows()).toHaveLength(1);
  await expect(ask(page, 'nonsense')).rejects.toThrow(/The window asked for something/);
});

test('closing the window destroys it and leaves the agent running; opening it again brings it back', async () => {
  const app = await startApp();
  const page = await app.page();
  await connected(page);
  const gone = page.waitForEvent('close');
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
  await gone;
  expect(await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(0);
  await app.electron.evaluate(({ app: electronApp }) => { electronApp.emit('activate'); });
  expect((await connected(await app.page())).connection.state).toBe('connected');
});

test('a page that crashes is loaded again, and the agent does not notice', async () => {
  const app = await startApp();
  const page = await app.page();
  const before = await connected(page);
  const process = (): Promise<number> => app.electron.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    return contents === undefined || contents.isCrashed() || contents.isLoading() ? 0 : contents.getOSProcessId();
  });
  const first = await process();
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer());
  await until('the page is there again', async () => ![0, first].includes(await process()));
  const state = await app.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript('window.holdfast.call({ method: "state", params: {} })') as Promise<{ result: { connection: { since: string } } }>);
  expect(state.result.connection.since).toBe(before.connection.since);
});

test('the main thread stays quick while a backup runs', async () => {
  const folders = appFolders();
  const documents = path.join(folders.home, 'Documents');
  mkdirSync(documents);
  for (let i = 0; i < 2000; i += 1) writeFileSync(path.join(documents, `${i}.txt`), `${i}\n`.repeat(i));
  for (let i = 0; i < 8; i += 1) writeFileSync(path.join(documents, `${i}.raw`), randomBytes(16 * 1024 * 1024));
  const app = await startApp({ folders });
  const page = await app.page();
  const jobId = await makeJob(page, [documents], path.join(folders.home, 'repository'));
  await app.electron.evaluate(() => {
    const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks');
    const monitor = monitorEventLoopDelay({ resolution: 5 });
    monitor.enable();
    (globalThis as { monitor?: typeof monitor }).monitor = monitor;
  });
  await ask(page, 'runJob', { jobId });
  await until('the backup is finished', async () => (await stateOf(page)).runs.some((run) => run.state === 'succeeded'), 100_000);
  const delay = z.object({ p50: z.number(), p99: z.number(), max: z.number() }).parse(await app.electron.evaluate(() => {
    const { monitor } = globalThis as { monitor?: { percentile(p: number): number; max: number } };
    return { p50: (monitor?.percentile(50) ?? 0) / 1e6, p99: (monitor?.percentile(99) ?? 0) / 1e6, max: (monitor?.max ?? 0) / 1e6 };
  }));
  console.log(`event loop delay of the main thread during a backup, ms: median ${delay.p50.toFixed(1)}, p99 ${delay.p99.toFixed(1)}, longest ${delay.max.toFixed(1)}`);
  expect(delay.p50).toBeGreaterThan(0);
});
