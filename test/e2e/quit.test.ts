/** Quitting while a backup runs: it is asked first, ends cleanly, and the repository stays whole. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runOk } from '../helpers/processes.js';
import { SessionBus } from '../helpers/session-bus.js';
import { tempFolder } from '../helpers/temp.js';
import { TrayIcon } from '../helpers/tray.js';
import { until } from '../helpers/until.js';
import { appFolders, ask, clickTray, makeJob, passwordOf, startApp, stateOf, type App } from './app.js';

/** Enough that a backup takes some seconds, and nothing of it compresses. */
function largeFolder(home: string): string {
  const folder = path.join(home, 'Documents');
  mkdirSync(folder);
  const piece = randomBytes(32 * 1024 * 1024);
  for (let i = 0; i < 24; i += 1) {
    piece.writeUInt32LE(i);
    for (let at = 0; at < piece.length; at += 64 * 1024) piece.writeUInt32LE(i * 7919 + at, at + 8);
    writeFileSync(path.join(folder, `film ${i}.raw`), piece);
  }
  return folder;
}

async function runningApp(): Promise<{ app: App; repository: string; password: string; jobId: string }> {
  const folders = appFolders();
  const documents = largeFolder(folders.home);
  const repository = path.join(folders.home, 'repository');
  const app = await startApp({ folders });
  const page = await app.page();
  const jobId = await makeJob(page, [documents], repository);
  const password = await passwordOf(page);
  await ask(page, 'runJob', { jobId });
  await until('the backup has stored something', async () => (await stateOf(page)).runs.some((run) => run.state === 'running' && (run.progress?.bytesDone ?? 0) > 0));
  return { app, repository, password, jobId };
}

async function expectClean(repository: string, password: string): Promise<void> {
  const env = { RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: tempFolder() };
  expect(readdirSync(path.join(repository, 'locks'))).toEqual([]);
  await runOk('restic', ['-r', repository, 'check', '--read-data'], { env, limit: 100_000 });
  expect(JSON.parse(await runOk('restic', ['-r', repository, 'snapshots', '--json'], { env }))).toEqual([]);
}

test('Quit asks, may be called off, and then ends the run cleanly', async () => {
  const { app, password, repository } = await runningApp();
  const bus = new SessionBus();
  onTestFinished(() => bus.close());
  const tray = await TrayIcon.find(bus, { pid: app.pid });
  const answer = (response: number): Promise<void> => app.electron.evaluate(({ dialog }, choice) => {
    dialog.showMessageBox = ((...args: unknown[]) => {
      const options = args.at(-1) as { message: string };
      console.log(`asked: ${options.message}`);
      return Promise.resolve({ response: choice, checkboxChecked: false });
    }) as typeof dialog.showMessageBox;
  }, response);
  const questions = (): number => app.output.join('').split('asked: "Documents" is being backed up').length - 1;

  await answer(1);
  await clickTray(tray, 'Quit');
  await until('it was asked', () => questions() === 1);
  expect((await stateOf(await app.page())).runs[0]?.state).toBe('running');

  await answer(0);
  const gone = new Promise<number | null>((resolve) => app.electron.process().once('exit', resolve));
  await clickTray(tray, 'Quit');
  expect(await gone).toBe(0);
  await expectClean(repository, password);
});

test('a signal ends the run cleanly without asking', async () => {
  const { app, password, repository } = await runningApp();
  const program = app.electron.process(); // Playwright gives it no more once it has ended
  await app.stop();
  expect(program.exitCode).toBe(0);
  await expectClean(repository, password);
  // The next start knows what became of it.
  const again = await startApp({ folders: app.folders });
  expect((await stateOf(await again.page())).runs[0]?.state).toBe('cancelled');
});
