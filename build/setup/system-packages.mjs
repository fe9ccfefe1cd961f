// @ts-check
/** What the operating system has to bring: found by library and program, installed by package where we may. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mustRun, run } from '../run.mjs';
import { Trouble, say, secondsSince } from '../say.mjs';

/**
 * @typedef {object} Need
 * @property {'library' | 'program' | 'file'} kind
 * @property {string} name soname, command or path
 * @property {string[]} debian packages that hold it, newest name first
 */

/** @param {string} name @param {...string} debian @returns {Need} */
const library = (name, ...debian) => ({ kind: 'library', name, debian });
/** @param {string} name @param {...string} debian @returns {Need} */
const program = (name, ...debian) => ({ kind: 'program', name, debian });

/** @param {string} name @param {...string} debian @returns {Need} */
const file = (name, ...debian) => ({ kind: 'file', name, debian });

/** What Electron is linked with: it does not start without. */
export const electronNeeds = [
  library('libgtk-3.so.0', 'libgtk-3-0t64', 'libgtk-3-0'),
  library('libnss3.so', 'libnss3'),
  library('libgbm.so.1', 'libgbm1'),
  library('libasound.so.2', 'libasound2t64', 'libasound2'),
];

/** For notifications and the keychain: the app starts without them, and does without them. */
export const desktopNeeds = [library('libnotify.so.4', 'libnotify4'), library('libsecret-1.so.0', 'libsecret-1-0')];

/** For `npm test`: a display, a session bus, a keychain service, and the program we are compared with. */
export const testNeeds = [
  ...electronNeeds,
  ...desktopNeeds,
  program('Xvfb', 'xvfb'),
  program('dbus-daemon', 'dbus-daemon', 'dbus'),
  program('gnome-keyring-daemon', 'gnome-keyring'),
  program('secret-tool', 'libsecret-tools'),
  program('restic', 'restic'),
  // a user manager for the tests of the service, and a strict reader of property lists
  program('systemctl', 'systemd'),
  program('python3', 'python3'),
  program('shellcheck', 'shellcheck'),
  // real servers for the tests of the hub, of destinations and of sources
  program('pg_ctlcluster', 'postgresql'),
  program('mariadbd', 'mariadb-server'),
  program('mariadb-dump', 'mariadb-client'),
  program('redis-server', 'redis-server'),
  program('sqlite3', 'sqlite3'),
  program('php', 'php-cli'),
  file('/usr/share/wordpress/wp-settings.php', 'wordpress'),
  program('sshd', 'openssh-server'),
  program('ssh-keygen', 'openssh-client'),
  program('openssl', 'openssl'),
  program('rclone', 'rclone'),
  program('age', 'age'),
  program('radosgw', 'radosgw'),
  program('ceph-mon', 'ceph-mon'),
  program('ceph-osd', 'ceph-osd'),
];

/** On a Mac the system has all of it but restic. */
const macTestNeeds = testNeeds.filter(({ name }) => name === 'restic');

/**
 * Makes sure that everything is there. As root on Debian and its kin, missing packages are installed; everywhere else the
 * absence of something needed is an error that gives the command, and that of something useful is told.
 * @param {readonly Need[]} needed
 * @param {readonly Need[]} [useful]
 */
export async function systemPackages(needed, useful = []) {
  const applicable = [...needed, ...useful].filter((need) => process.platform === 'linux' || macTestNeeds.includes(need));
  const missing = missingOf(applicable);
  if (missing.length === 0) return;
  if (process.platform === 'linux' && isOnPath('apt-get') && process.getuid?.() === 0) return install(missing);
  const advice = `Not on this computer: ${namesOf(missing)}. ${commandFor(missing)}`;
  if (missing.some((need) => needed.includes(need))) throw new Trouble(advice);
  say(advice);
}

/** @param {readonly Need[]} missing */
async function install(missing) {
  say(`installing system packages for ${namesOf(missing)}`);
  const start = performance.now();
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = ['-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  // A failing update need not matter: the lists that are there may do.
  await run('apt-get', [...apt, 'update'], { quiet: true, env, limit: 10 * 60_000 });
  const packages = missing.map((need) => debianPackage(need));
  await withoutServices(() => mustRun('Installing system packages', 'apt-get', [...apt, 'install', '-y', '--no-install-recommends', ...packages], { env, limit: 20 * 60_000 }));
  const still = missingOf(missing);
  if (still.length > 0) throw new Trouble(`Still missing after the installation: ${namesOf(still)}.`);
  say(`installed system packages in ${secondsSince(start)}`);
}

/**
 * Debian starts a service as soon as its package is there. The tests start their own servers, on loopback and free ports, so
 * nothing shall begin to listen on this computer only because of them (see /usr/share/doc/init-system-helpers/README.policy-rc.d.gz).
 * @template T
 * @param {() => Promise<T>} work
 */
async function withoutServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** What to do about missing things, for a person to type. @param {readonly Need[]} missing */
function commandFor(missing) {
  if (process.platform === 'darwin') return `Run: brew install ${missing.map(({ name }) => name).join(' ')}`;
  if (isOnPath('apt-get')) {
    return `Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.map(debianPackage).join(' ')}`;
  }
  const tool = ['dnf', 'zypper'].find(isOnPath);
  if (tool === undefined) return 'Install the packages of your system that hold them.';
  // Both find packages by what they provide: a library's soname, or a file.
  const asProvided = { library: (/** @type {string} */ name) => `'${name}()(64bit)'`, program: (/** @type {string} */ name) => `/usr/bin/${name}`, file: (/** @type {string} */ name) => name };
  const provides = missing.map(({ kind, name }) => asProvided[kind](name));
  return `Run: sudo ${tool} install ${provides.join(' ')}`;
}

/** @param {readonly Need[]} needs */
const namesOf = (needs) => needs.map(({ name }) => name).join(', ');

/** @param {readonly Need[]} needs */
function missingOf(needs) {
  const libraries = process.platform === 'linux' ? knownLibraries() : new Set();
  const isThere = { library: (/** @type {string} */ name) => libraries.has(name), program: isOnPath, file: existsSync };
  return needs.filter(({ kind, name }) => !isThere[kind](name));
}

/** The sonames that the dynamic linker's cache lists for this architecture. */
function knownLibraries() {
  const ldconfig = ['/sbin/ldconfig', '/usr/sbin/ldconfig'].find((file) => existsSync(file)) ?? 'ldconfig';
  const { stdout } = spawnSync(ldconfig, ['-p'], { encoding: 'utf8' });
  return new Set((stdout ?? '').split('\n').map((line) => line.trim().split(' ')[0]));
}

/** @param {string} name */
function isOnPath(name) {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/usr/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The first of a need's names that this release knows. @param {Need} need */
function debianPackage({ debian }) {
  const known = debian.find((name) => /Candidate: (?!\(none\))/.test(spawnSync('apt-cache', ['policy', name], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }).stdout ?? ''));
  return known ?? debian[debian.length - 1];
}
