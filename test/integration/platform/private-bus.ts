/** A session bus of one test, with or without a keychain service on it. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { connectBus } from '../../../main/platform/dbus/bus.js';
import { start } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

export async function privateBus(): Promise<string> {
  const bus = start('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1', `--address=unix:path=${path.join(tempFolder(), 'bus')}`]);
  return (await bus.line(/^unix:.*/))[0];
}

/** A bus that starts no service by itself: the usual one would start a keyring on being asked for it. */
export async function bareBus(): Promise<string> {
  const folder = tempFolder();
  const config = path.join(folder, 'bus.conf');
  writeFileSync(config, '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">'
    + `<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen><auth>EXTERNAL</auth>`
    + '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>');
  const bus = start('dbus-daemon', ['--nofork', '--print-address=1', `--config-file=${config}`]);
  return (await bus.line(/^unix:.*/))[0];
}

/** A real gnome-keyring with an unlocked default collection on `address`. */
export async function keyringOn(address: string): Promise<void> {
  const home = tempFolder();
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, XDG_RUNTIME_DIR: path.join(home, 'run'), XDG_DATA_HOME: path.join(home, 'data'), DBUS_SESSION_BUS_ADDRESS: address };
  delete env['DISPLAY'];
  delete env['GNOME_KEYRING_CONTROL'];
  for (const name of ['run', 'data']) mkdirSync(path.join(home, name), { mode: 0o700 });
  const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  daemon.stdin.end('password of the test');
  onTestFinished(async () => {
    const ended = new Promise((resolve) => daemon.once('close', resolve));
    daemon.kill('SIGTERM');
    await ended;
  });
  const bus = await connectBus(address);
  try {
    for (let i = 0; i < 400; i += 1) {
      const [owned] = await bus.call({ destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'NameHasOwner', signature: 's', body: ['org.freedesktop.secrets'] });
      if (owned === true) return;
      await sleep(25);
    }
  } finally {
    bus.close();
  }
  throw new Error('gnome-keyring did not come up');
}

const service = { destination: 'org.freedesktop.secrets', path: '/org/freedesktop/secrets', interface: 'org.freedesktop.Secret.Service' };

export async function lockKeyring(address: string): Promise<void> {
  const bus = await connectBus(address);
  try {
    const [collection] = await bus.call({ ...service, member: 'ReadAlias', signature: 's', body: ['default'] });
    await bus.call({ ...service, member: 'Lock', signature: 'ao', body: [[collection]] });
  } finally {
    bus.close();
  }
}
