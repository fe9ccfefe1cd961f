/**
 * The tray app's unit where the window manager starts no graphical-session.target: a real openbox and its autostart, a real user manager,
 * real Electron. Needs root, and of Debian openbox, python3-xdg and desktop-file-utils.
 */
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { electronRuntime } from '../../../build/setup/electron-runtime.mjs';
import { runOk, start } from '../../helpers/processes.js';
import { UserSystemd } from '../../helpers/systemd-user.js';
import { until } from '../../helpers/until.js';

const root = path.resolve(import.meta.dirname, '../../..');
const autostart = '/usr/lib/x86_64-linux-gnu/openbox-xdg-autostart';

test('a window manager that only knows autostart entries starts the one unit, however many ways lead to it, and nothing of it stays', { timeout: 180_000 }, async () => {
  const systemd = await UserSystemd.start();
  const { home } = systemd;
  // Where that user may read and execute all of it.
  const app = path.join(home, 'app');
  for (const name of ['out', 'package.json']) cpSync(path.join(root, name), path.join(app, name), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(app, 'node_modules'));
  const runtime = path.join(home, 'electron');
  cpSync((await electronRuntime()).folder, runtime, { recursive: true });
  // As the app does from its Settings; this one is asked from outside of it.
  const ask = path.join(home, 'ask.mjs');
  writeFileSync(ask, `
    import { openUserService } from ${JSON.stringify(path.join(app, 'out/main/platform/service/index.js'))};
    import { findPaths } from ${JSON.stringify(path.join(app, 'out/main/platform/paths/paths.js'))};
    const service = openUserService({ env: process.env, paths: findPaths({ env: process.env, platform: process.platform, home: process.env.HOME }), script: null, app: ${JSON.stringify(app)} });
    console.log(JSON.stringify(await service[process.argv[2]]({ linger: false })));
  `);
  mkdirSync(path.join(home, '.config'));
  chmodSync(home, 0o755);
  await runOk('chown', ['-R', `${systemd.uid}:${systemd.uid}`, home]);
  const service = async (action: string): Promise<{ state?: string; pid?: number | null; current?: boolean; reason?: string }> =>
    JSON.parse(await systemd.runOk(process.execPath, [ask, action], { APPIMAGE: path.join(runtime, 'electron') })) as { state?: string; pid?: number | null; current?: boolean };
  const files = async (): Promise<string> => systemd.runOk('sh', ['-c', `find ${home}/.config/systemd ${home}/.config/autostart 2>/dev/null || true`]);
  const agents = async (): Promise<number> => (await systemd.run('ps', ['-o', 'args=', '-u', String(systemd.uid)])).stdout.split('\n')
    .filter((line) => line.startsWith(runtime) && !line.includes('--type=')).length;
  expect(await files()).toBe('');

  await service('install'); // without a screen it cannot stay up; what counts is the next login
  const entry = path.join(home, '.config/autostart/holdfast.desktop');
  expect(await runOk('desktop-file-validate', [entry])).toBe('');
  await systemd.logout();
  await systemd.login();
  expect(await service('status')).toMatchObject({ state: 'stopped', current: true });

  const [display] = await start('Xvfb', ['-displayfd', '1', '-nolisten', 'tcp', '-ac', '-screen', '0', '1024x768x24']).line(/^\d+$/);
  const session = { DISPLAY: `:${display}` };
  const login = (): Promise<string> => systemd.runOk('sh', ['-c', `${autostart} OPENBOX >/dev/null 2>&1`], session);
  await login();
  const pid = await until('the unit runs', async () => {
    const { pid: found, state } = await service('status');
    return state === 'running' && found;
  });
  await until('its agent answers', async () => (await systemd.run(process.execPath, [path.join(app, 'out/main/cli/holdfast.js'), 'status'])).code === 0);
  // A second entry of the same desktop, and a desktop that starts the target as well.
  await login();
  writeFileSync(path.join(home, '.config/systemd/user/desktop.target'), '[Unit]\nBindsTo=graphical-session.target\n');
  await systemd.runOk('systemctl', ['--user', 'daemon-reload']);
  await systemd.runOk('systemctl', ['--user', 'start', 'desktop.target']);
  expect(await systemd.runOk('systemctl', ['--user', 'is-active', 'graphical-session.target'])).toBe('active\n');
  expect(await service('status')).toMatchObject({ state: 'running', pid });
  expect(await agents()).toBe(1);

  await systemd.runOk('rm', [path.join(home, '.config/systemd/user/desktop.target')]);
  await service('uninstall');
  await until('it has ended', async () => (await agents()) === 0);
  expect(await files()).toBe('');
});
