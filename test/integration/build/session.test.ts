/** The session that `npm test` makes, and the helpers through which other tests see it. */
import path from 'node:path';
import electron from 'electron';
import { afterAll, expect, it } from 'vitest';
import { TestDesktop } from '../../helpers/desktop.js';
import { secretToolClear, secretToolLookup, secretToolStore } from '../../helpers/keyring.js';
import { start } from '../../helpers/processes.js';
import { SessionBus } from '../../helpers/session-bus.js';
import { tempFolder } from '../../helpers/temp.js';
import { TrayIcon } from '../../helpers/tray.js';
import { until } from '../../helpers/until.js';

const bus = new SessionBus();
afterAll(() => bus.close());

it('has a keychain service that keeps and forgets secrets', async () => {
  await secretToolStore('holdfast-session-test', 'someone', 'a secret | with signs');
  expect(await secretToolLookup('holdfast-session-test', 'someone')).toBe('a secret | with signs');
  expect(await secretToolLookup('holdfast-session-test', 'nobody')).toBeUndefined();
  await secretToolClear('holdfast-session-test');
  expect(await secretToolLookup('holdfast-session-test', 'someone')).toBeUndefined();
});

it('runs an Electron app whose tray and notifications a test can see and use', async () => {
  const app = path.join(import.meta.dirname, 'fixtures', 'tray-app');
  // From Node, the electron package is the path of its executable.
  const running = start(String(electron), [app, `--user-data-dir=${tempFolder()}`, 'last']);
  await running.line(/^loaded 1\.2\.3 last ready=false$/);
  const desktop = new TestDesktop(bus);
  await desktop.forget();

  const tray = await TrayIcon.find(bus, { pid: running.pid });
  expect(await tray.tooltip()).toBe('running');
  expect((await tray.menu()).map(({ label, enabled }) => [label, enabled])).toEqual([['Status', false], ['Pause', true], ['Tell', true], ['Quit', true]]);
  const before = await tray.picture();
  await tray.click('Pause');
  await until('the tooltip follows', async () => (await tray.tooltip()) === 'paused');
  await until('the picture follows', async () => (await tray.picture()) !== before);

  await tray.activate();
  await running.line(/^activated$/);
  await tray.click('Tell');
  expect(await desktop.notification(/Finished/)).toMatchObject({ title: 'Finished', open: true });

  await tray.click('Quit');
  expect((await running.ended).code).toBe(0);
  await until('the icon is gone', async () => (await TrayIcon.all(bus, running.pid)).length === 0);
});
