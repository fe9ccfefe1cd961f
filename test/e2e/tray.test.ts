/** The tray as a person at the desktop uses it, and what it does to the tunnel, seen from the hub. */
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectHubAdmin } from '../../main/hub/local-socket/client.js';
import { TestDesktop } from '../helpers/desktop.js';
import { secretToolLookup } from '../helpers/keyring.js';
import { runOk, start } from '../helpers/processes.js';
import { SessionBus } from '../helpers/session-bus.js';
import { tempFolder } from '../helpers/temp.js';
import { TrayIcon } from '../helpers/tray.js';
import { until } from '../helpers/until.js';
import { appCommand, appEnvironment, appFolders, clickTray, connected, makeJob, passwordOf, startApp, stateOf } from './app.js';

function sessionBus(): SessionBus {
  const bus = new SessionBus();
  onTestFinished(() => bus.close());
  return bus;
}

const isOnline = async (data: string): Promise<boolean> => {
  const agents = await (await connectHubAdmin(path.join(data, 'hub'))).listAgents({});
  return agents.some((agent) => agent.online);
};

test('pausing and resuming from the tray closes and opens the tunnel', async () => {
  const app = await startApp();
  const page = await app.page();
  await connected(page);
  const tray = await TrayIcon.find(sessionBus(), { pid: app.pid });
  expect(await isOnline(app.folders.data)).toBe(true);
  expect(await tray.tooltip()).toContain('Not set up: No folder is being backed up yet');
  const before = await tray.picture();

  await clickTray(tray, 'Until I resume');
  await until('the hub sees the agent leave', async () => !(await isOnline(app.folders.data)));
  await until('the tray says so', async () => (await tray.tooltip()).includes('Paused'));
  expect(await tray.picture()).not.toBe(before);
  expect((await stateOf(page)).connection.state).toBe('paused');

  await clickTray(tray, 'Resume agent');
  await until('the hub sees the agent again', () => isOnline(app.folders.data));
  await until('the tray offers to pause again', async () => (await tray.menu()).some((item) => item.label === 'Pause agent'));
});

test('the token and the password are in the keyring and nowhere on disk', async () => {
  const folders = appFolders();
  const documents = path.join(folders.home, 'Documents');
  mkdirSync(documents);
  writeFileSync(path.join(documents, 'a.txt'), 'a');
  const app = await startApp({ folders });
  const page = await app.page();
  await makeJob(page, [documents], path.join(folders.home, 'repository'));
  const password = await passwordOf(page);
  const account = (name: string): string => `${name} in ${folders.data}`;
  const token = await secretToolLookup('Holdfast', account('agent-token'));
  expect(token).toMatch(/^\d+\|[A-Za-z0-9]{40}$/);
  expect(await secretToolLookup('Holdfast', account('repository:test'))).toBe(password);

  const secret = (token ?? '').split('|')[1] ?? '';
  await app.stop(); // everything that is written at the end is written
  const files = readdirSync(folders.data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(5);
  for (const entry of files) {
    const content = readFileSync(path.join(entry.parentPath, entry.name));
    expect(content.includes(secret), `${entry.name} holds the token`).toBe(false);
    expect(content.includes(password), `${entry.name} holds the password`).toBe(false);
  }
});

test('in the background there is a tray and no window, and a second start opens the window of the first', async () => {
  const folders = appFolders();
  const { command, args } = appCommand(['--background']);
  const env = appEnvironment(folders);
  const first = start(command, args, { env });
  const bus = sessionBus();
  const tray = await TrayIcon.find(bus, { pid: first.pid });
  await until('the agent is connected', () => isOnline(folders.data));
  const windows = async (): Promise<boolean> => (await runOk('xdotool', ['search', '--onlyvisible', '--name', '^Holdfast$'], { limit: 10_000 }).catch(() => '')).trim() !== '';
  expect(await windows()).toBe(false);

  const quiet = start(command, appCommand(['--background']).args, { env });
  expect((await quiet.ended).code).toBe(0);
  expect(await windows()).toBe(false);

  const second = start(command, appCommand([]).args, { env });
  expect((await second.ended).code).toBe(0);
  await until('the window of the first is open', windows);

  await clickTray(tray, 'Quit');
  expect((await first.ended).code).toBe(0);
});

test('a tray that starts after the app is given the icon', async () => {
  const daemon = start('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1']);
  const [address] = await daemon.line(/^unix:.*/);
  const { command, args } = appCommand(['--background']);
  const folders = appFolders();
  const app = start(command, args, { env: { ...appEnvironment(folders), DBUS_SESSION_BUS_ADDRESS: address } });
  await until('the agent is connected', () => isOnline(folders.data));

  const desktop = start(process.execPath, [path.resolve(import.meta.dirname, '../helpers/fake-desktop.mjs')], { env: { DBUS_SESSION_BUS_ADDRESS: address } });
  await desktop.line(/^ready$/);
  const usual = process.env.DBUS_SESSION_BUS_ADDRESS;
  process.env.DBUS_SESSION_BUS_ADDRESS = address;
  const bus = sessionBus();
  process.env.DBUS_SESSION_BUS_ADDRESS = usual;
  const tray = await TrayIcon.find(bus, { pid: app.pid });
  expect((await tray.menu()).map((item) => item.label)).toContain('Open Holdfast');
});

test('a backup started from the tray is told when it is done, and its failure with the reason', async () => {
  const folders = appFolders();
  const documents = path.join(folders.home, 'Documents');
  mkdirSync(documents);
  writeFileSync(path.join(documents, 'a.txt'), 'a');
  const app = await startApp({ folders });
  const page = await app.page();
  const bus = sessionBus();
  const desktop = new TestDesktop(bus);
  await desktop.forget();
  const disk = tempFolder();
  await makeJob(page, [documents], path.join(disk, 'repository'));
  const tray = await TrayIcon.find(bus, { pid: app.pid });
  await clickTray(tray, 'Back up now');
  expect((await desktop.notification(/First backup of/)).title).toBe('First backup of "Documents" finished');
  await until('the tray is green', async () => (await tray.tooltip()).includes('Protected'));

  chmodSync(path.join(disk, 'repository', 'config'), 0o600);
  writeFileSync(path.join(disk, 'repository', 'config'), 'not a config');
  await clickTray(tray, 'Back up now');
  const failed = await desktop.notification(/failed/);
  expect(failed.body).not.toMatch(/\n\s+at /);
  await until('the tray says so', async () => (await tray.tooltip()).includes('Failing'));
});
