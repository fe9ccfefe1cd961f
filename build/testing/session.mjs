// @ts-check
/**
 * A desktop session of the tests' own: display, session bus, keychain service, tray host, home folder. Nothing of the
 * person who runs the tests is read or changed, and all of it is gone afterwards.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from '../checkout.mjs';
import { Trouble } from '../say.mjs';

/** Milliseconds that each service has to come up. */
const patience = 30_000;

/** @typedef {import('node:child_process').ChildProcess} Child */

/**
 * Runs `work` with the environment of such a session. On a Mac the system's own display and keychain have to do.
 * @template T
 * @param {NodeJS.ProcessEnv} base environment that the session is added to
 * @param {(env: NodeJS.ProcessEnv) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withSession(base, work) {
  const home = mkdtempSync(path.join(tmpdir(), 'holdfast-session-'));
  /** @type {Child[]} */
  const services = [];
  const endNow = () => services.forEach((service) => service.kill('SIGKILL'));
  process.once('exit', endNow);
  try {
    const env = process.platform === 'linux' ? await linuxSession(privateEnvironment(base, home), services) : base;
    return await work(env);
  } finally {
    process.removeListener('exit', endNow);
    for (const service of services.reverse()) await end(service);
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** @param {NodeJS.ProcessEnv} base @param {string} home */
function privateEnvironment(base, home) {
  const env = { ...base };
  for (const name of Object.keys(env)) {
    // A person's own repository or hub must not become a test's.
    if (/^(RESTIC|HOLDFAST)_/.test(name)) delete env[name];
  }
  for (const name of ['WAYLAND_DISPLAY', 'XAUTHORITY', 'GNOME_KEYRING_CONTROL', 'SSH_AUTH_SOCK', 'DESKTOP_SESSION']) delete env[name];
  const folders = {
    HOME: home,
    XDG_RUNTIME_DIR: path.join(home, 'run'),
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
    XDG_STATE_HOME: path.join(home, '.local', 'state'),
    XDG_CACHE_HOME: path.join(home, '.cache'),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    ...env,
    ...folders,
    XDG_CURRENT_DESKTOP: 'KDE', // a desktop whose tray is the StatusNotifierWatcher
    XDG_SESSION_TYPE: 'x11',
    GSETTINGS_BACKEND: 'memory',
    NO_AT_BRIDGE: '1',
  };
}

/** @param {NodeJS.ProcessEnv} env @param {Child[]} services started ones are added @returns {Promise<NodeJS.ProcessEnv>} */
async function linuxSession(env, services) {
  /** @param {string} command @param {string[]} args @param {import('node:child_process').StdioOptions} stdio */
  const service = (command, args, stdio) => {
    const child = spawn(command, args, { env, stdio });
    services.push(child);
    return child;
  };

  const display = service('Xvfb', ['-displayfd', '3', '-screen', '0', '1440x900x24', '-nolisten', 'tcp', '-noreset'], ['ignore', 'ignore', 'ignore', 'pipe']);
  env['DISPLAY'] = `:${await firstLine('Xvfb', display, 3)}`;

  const bus = service('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1'], ['ignore', 'pipe', 'ignore']);
  env['DBUS_SESSION_BUS_ADDRESS'] = await firstLine('dbus-daemon', bus, 1);

  const keyring = service('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], ['pipe', 'ignore', 'ignore']);
  keyring.stdin?.end('the password of the test keyring'); // an empty one would make no keyring
  await ownerOnBus(env['DBUS_SESSION_BUS_ADDRESS'], 'org.freedesktop.secrets');

  const desktop = service(process.execPath, [inRoot('test', 'helpers', 'fake-desktop.mjs')], ['ignore', 'pipe', 'inherit']);
  await firstLine('the test desktop', desktop, 1);
  return env;
}

/** @param {string} what @param {Child} child @param {number} fd @returns {Promise<string>} */
function firstLine(what, child, fd) {
  const stream = child.stdio[fd];
  if (!(stream && 'read' in stream)) throw new Error(`${what} has no output ${fd}`);
  return new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => reject(new Trouble(`${what} does not come up: ${why}.`));
    const timer = setTimeout(() => fail(`it said nothing in ${patience / 1000} s`), patience);
    const lines = createInterface({ input: stream });
    lines.once('line', (line) => {
      clearTimeout(timer);
      lines.close();
      stream.resume(); // a full pipe would stop the service
      resolve(line.trim());
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it ended with ${code}`));
  });
}

/** Waits until somebody owns a name on the bus, without letting the bus start somebody. @param {string} address @param {string} name */
async function ownerOnBus(address, name) {
  const { default: dbus } = await import('dbus-next');
  const bus = dbus.sessionBus({ busAddress: address });
  try {
    for (const deadline = Date.now() + patience; Date.now() < deadline; await sleep(20)) {
      const reply = await bus.call(new dbus.Message({
        destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'NameHasOwner', signature: 's', body: [name],
      }));
      if (reply?.body[0] === true) return;
    }
  } finally {
    bus.disconnect();
  }
  throw new Trouble(`${name} did not come up on the session bus within ${patience / 1000} s.`);
}

/** @param {Child} child */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(timer);
}
