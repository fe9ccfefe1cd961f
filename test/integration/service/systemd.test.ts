/** The service under a real `systemd --user` with a real hub. Runs what the build made. */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderUnit } from '../../../main/platform/service/systemd/render.js';
import { hostileValues } from '../../helpers/hostile-values.js';
import { run, runOk, start } from '../../helpers/processes.js';
import { UserSystemd, whyNoSystemd } from '../../helpers/systemd-user.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const root = path.resolve(import.meta.dirname, '../../..');
const command = path.join(root, 'out/main/cli/holdfast.js');

interface Status {
  state: string;
  reason: string;
  file: string;
  pid: number | null;
  current: boolean;
  enabled: boolean;
}

/** A hub on this computer, and a setup link to it. */
async function hubLink(): Promise<string> {
  const env = { HOLDFAST_DATA: tempFolder(), HOLDFAST_SECRETS: 'file' };
  await start(process.execPath, [command, 'hub', '--listen', '127.0.0.1:0'], { env }).line(/^listening on /);
  const token: unknown = JSON.parse(await runOk(process.execPath, [command, 'setup-token', 'create', 'test', '--json'], { env }));
  return (token as { link: string }).link;
}

/** The `holdfast` command as that user types it. */
const holdfast = (systemd: UserSystemd, ...args: string[]) => systemd.runOk(process.execPath, [command, ...args]);
const serviceStatus = async (systemd: UserSystemd): Promise<Status> => JSON.parse(await holdfast(systemd, 'service', 'status', '--json')) as Status;

async function connected(systemd: UserSystemd): Promise<number> {
  return until('the agent is connected', async () => {
    const { code, stdout } = await systemd.run(process.execPath, [command, 'status', '--json']);
    if (code !== 0) return undefined;
    const { connection } = JSON.parse(stdout) as { connection: { state: string } };
    if (connection.state !== 'connected') return undefined;
    return (await serviceStatus(systemd)).pid ?? undefined;
  });
}

const why = whyNoSystemd();

if (why !== null) {
  test(`no user manager can be started for these tests because ${why}: CI runs them as root`, () => {
    expect(why).not.toBe('');
  });
} else {
  describe('a real user manager', () => {
    test('installed, killed, logged out and removed', { timeout: 120_000 }, async () => {
      const systemd = await UserSystemd.start();
      await holdfast(systemd, 'join', await hubLink());
      const before = await systemd.traces();
      expect(await serviceStatus(systemd)).toMatchObject({ state: 'not-installed', pid: null });

      expect(await holdfast(systemd, 'service', 'install')).toMatch(/^Installed as holdfast\.service\. Running for /);
      const first = await connected(systemd);
      expect(await serviceStatus(systemd)).toMatchObject({ state: 'running', enabled: true, current: true, pid: first });

      const said = async (): Promise<string> => (await systemd.runOk('systemctl', ['--user', 'show', '--property=StatusText', '--value', 'holdfast.service'])).trim();
      expect(await until('it told systemd how it is', said)).toMatch(/^Not set up: /);

      // Again changes nothing: the same process goes on.
      await holdfast(systemd, 'service', 'install');
      expect(await connected(systemd)).toBe(first);

      await systemd.runOk('kill', ['-9', String(first)]);
      const second = await until('another process is there', async () => {
        const { pid } = await serviceStatus(systemd);
        return pid !== null && pid !== first && pid;
      });
      expect(await connected(systemd)).toBe(second);
      expect((await serviceStatus(systemd)).reason).toContain('started again 1 time after a crash or an update');

      await systemd.logout();
      await systemd.login();
      const third = await connected(systemd);
      expect(third).not.toBe(second);
      const log = await holdfast(systemd, 'service', 'logs');
      expect(log.match(/connected to https:\/\//g)?.length).toBeGreaterThanOrEqual(3);

      expect(await holdfast(systemd, 'service', 'uninstall')).toBe('The service is stopped and removed.\n');
      expect(await systemd.traces()).toEqual(before);
      expect(await holdfast(systemd, 'service', 'uninstall')).toBe('There was no service to remove.\n');
    });

    test('of root, as on a server', { timeout: 120_000 }, async () => {
      const systemd = await UserSystemd.start({ root: true });
      await holdfast(systemd, 'join', await hubLink());
      const before = await systemd.traces();
      await holdfast(systemd, 'service', 'install');
      await connected(systemd);
      expect(await holdfast(systemd, 'service', 'logs')).toContain('connected to https://');
      await holdfast(systemd, 'service', 'uninstall');
      expect(await systemd.traces()).toEqual(before);
    });
  });

  test('what crashes again and again is given up, says so, and starts again when its cause is gone', { timeout: 120_000 }, async () => {
    const systemd = await UserSystemd.start();
    await holdfast(systemd, 'join', await hubLink());
    const settings = path.join(systemd.home, '.config/holdfast/settings.json');
    const whole = readFileSync(settings);
    writeFileSync(settings, 'not JSON');
    await systemd.run(process.execPath, [command, 'service', 'install']);
    const status = await until('systemd gives up', async () => {
      const found = await serviceStatus(systemd);
      return found.state === 'failed' && found;
    }, 60_000);
    expect(status.reason).toBe('It crashed 5 times within a short time (exit code 1) and is not started again. See why with: holdfast service logs. Then start it with: holdfast service install');
    expect(await holdfast(systemd, 'service', 'logs')).toMatch(/holdfast: .*settings\.json/);
    writeFileSync(settings, whole);
    await holdfast(systemd, 'service', 'install');
    await connected(systemd);
  });

  test('a service that somebody else wrote is left alone', async () => {
    const systemd = await UserSystemd.start();
    const file = path.join(systemd.home, '.config/systemd/user/holdfast.service');
    await systemd.runOk('mkdir', ['-p', path.dirname(file)]);
    const text = '[Service]\nExecStart=/bin/sleep 1000\n';
    writeFileSync(file, text);
    await systemd.runOk('systemctl', ['--user', 'daemon-reload']);
    for (const action of ['install', 'uninstall']) {
      const { code, stderr } = await systemd.run(process.execPath, [command, 'service', action]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: `holdfast: There is a service holdfast.service that Holdfast did not write (${file}), so it is left alone. Remove or rename it, then try again.\n` });
    }
    expect(await serviceStatus(systemd)).toMatchObject({ state: 'foreign' });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('while an agent runs in a terminal the service is installed but does not start a second one', async () => {
    const systemd = await UserSystemd.start();
    await holdfast(systemd, 'join', await hubLink());
    await systemd.runOk('systemd-run', ['--user', '--unit=terminal', process.execPath, command, 'agent']);
    await until('that agent runs', async () => (await systemd.run(process.execPath, [command, 'status'])).code === 0);
    expect(await holdfast(systemd, 'service', 'install')).toMatch(/^Installed as holdfast\.service\. Installed, and not running because process \d+ runs the agent\. The service takes over at the next login\.\n$/);
    await systemd.runOk('systemctl', ['--user', 'stop', 'terminal']);
    await holdfast(systemd, 'service', 'install');
    await connected(systemd);
  });

  test('systemd hands twenty hostile names on exactly as they are', { timeout: 90_000 }, async () => {
    const systemd = await UserSystemd.start();
    const units = path.join(systemd.home, '.config/systemd/user');
    mkdirSync(units, { recursive: true });
    const tell = path.join(systemd.home, 'tell.cjs');
    writeFileSync(tell, `
      const { renameSync, writeFileSync } = require('node:fs');
      writeFileSync(process.env.OUT + '.part', JSON.stringify([process.argv.slice(2), process.env.HOLDFAST_DATA]));
      renameSync(process.env.OUT + '.part', process.env.OUT);
    `);
    const outOf = (index: number): string => path.join(systemd.home, `out-${index}`);
    const names = hostileValues.map((value, index) => {
      const folder = path.join(systemd.home, value);
      mkdirSync(folder, { recursive: true });
      symlinkSync(process.execPath, path.join(folder, 'node'));
      const name = `test-${index}.service`;
      const environment = { HOLDFAST_DATA: value, OUT: outOf(index) };
      writeFileSync(path.join(units, name), renderUnit(name, { command: [path.join(folder, 'node'), tell, value, 'agent'], environment, variant: 'headless' }));
      return name;
    });
    await runOk('chown', ['-R', String(systemd.uid), systemd.home]);
    await systemd.runOk('systemctl', ['--user', 'daemon-reload']);
    await systemd.runOk('systemctl', ['--user', 'start', ...names]);
    for (const [index, value] of hostileValues.entries()) {
      const said = await until(`the service with ${JSON.stringify(value)} has run`, () => existsSync(outOf(index)) && readFileSync(outOf(index), 'utf8'));
      expect(JSON.parse(said)).toEqual([[value, 'agent'], value]);
    }
  });

  test('an installation that moved is corrected by its next "service install"', { timeout: 90_000 }, async () => {
    const systemd = await UserSystemd.start();
    await holdfast(systemd, 'join', await hubLink());
    const copyTo = (name: string): string => {
      const folder = path.join(systemd.home, name);
      cpSync(path.join(root, 'out', 'main'), path.join(folder, 'out', 'main'), { recursive: true });
      cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
      symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
      return folder;
    };
    const old = copyTo('an "old" place, 100% $HOME');
    await systemd.runOk(process.execPath, [path.join(old, 'out/main/cli/holdfast.js'), 'service', 'install']);
    await connected(systemd);
    const moved = path.join(systemd.home, 'new place');
    renameSync(old, moved);
    const again = async (...args: string[]): Promise<string> => systemd.runOk(process.execPath, [path.join(moved, 'out/main/cli/holdfast.js'), 'service', ...args]);
    expect(await again('status')).toContain('Its file is not up to date, perhaps because Holdfast moved. Correct it with: holdfast service install');
    await again('install');
    await connected(systemd);
    expect(JSON.parse(await again('status', '--json'))).toMatchObject({ state: 'running', current: true });
    rmSync(moved, { recursive: true });
  });
}

test('without systemd, without a session of it, and through sudo there is a sentence that says what to do', async () => {
  const folder = tempFolder();
  const say = async (env: Record<string, string | undefined>): Promise<string> => {
    const { code, stderr, stdout } = await run(process.execPath, [command, 'service', 'install'], {
      env: { HOLDFAST_DATA: path.join(folder, 'data'), XDG_RUNTIME_DIR: folder, DBUS_SESSION_BUS_ADDRESS: undefined, SUDO_USER: undefined, ...env },
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    return stderr;
  };
  expect(await say({ PATH: folder })).toBe('holdfast: This computer has no systemd, so Holdfast cannot install itself as a service. Have your own service manager, or cron with @reboot, run: holdfast agent\n');
  expect(await say({})).toMatch(/^holdfast: \S+ has no systemd session here \(".+"\)\. Log in as \S+ directly rather than through su or sudo, or, on a server, first run as root: loginctl enable-linger \S+\n$/);
});
