// @ts-check
/** What the operating system has to bring: found by library and program, installed by package where we may. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { mustRun, run } from '../run.mjs';
import { Trouble, say, secondsSince } from '../say.mjs';

/**
 * @typedef {object} Need
 * @property {'library' | 'program'} kind
 * @property {string} name soname or command
 * @property {string[]} debian packages that hold it, newest name first
 */

/** @param {string} name @param {...string} debian @returns {Need} */
const library = (name, ...debian) => ({ kind: 'library', name, debian });
/** @param {string} name @param {...string} debian @returns {Need} */
const program = (name, ...debian) => ({ kind: 'program', name, debian });

/** What Electron itself is linked with, and the libraries it opens for notifications. */
const electronNeeds = [
  library('libgtk-3.so.0', 'libgtk-3-0t64', 'libgtk-3-0'),
  library('libnss3.so', 'libnss3'),
  library('libgbm.so.1', 'libgbm1'),
  library('libasound.so.2', 'libasound2t64', 'libasound2'),
  library('libnotify.so.4', 'libnotify4'),
];
/** The client of the keychain service. */
const keychainNeeds = [library('libsecret-1.so.0', 'libsecret-1-0')];

/** For `npm start` with a display. */
export const startNeeds = [...electronNeeds, ...keychainNeeds];

/** For `npm test`: a display, a session bus, a keychain service, and the program we are compared with. */
export const testNeeds = [
  ...startNeeds,
  program('Xvfb', 'xvfb'),
  program('dbus-daemon', 'dbus-daemon', 'dbus'),
  program('gnome-keyring-daemon', 'gnome-keyring'),
  program('secret-tool', 'libsecret-tools'),
  program('restic', 'restic'),
];

/** On a Mac the system has all of it but restic. */
const macTestNeeds = testNeeds.filter(({ name }) => name === 'restic');

/**
 * Makes sure that everything is there. As root on Debian and its kin, missing packages are installed; everywhere else
 * their absence is an error that gives the command.
 * @param {readonly Need[]} needs
 */
export async function systemPackages(needs) {
  const applicable = process.platform === 'linux' ? needs : needs.filter((need) => macTestNeeds.includes(need));
  const missing = missingOf(applicable);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  if (process.platform === 'darwin') throw new Trouble(`Missing: ${names}. Run: brew install ${names.replaceAll(',', '')}`);
  if (!isOnPath('apt-get')) throw new Trouble(`Missing: ${names}. ${otherCommand(missing)}`);
  if (process.getuid?.() !== 0) {
    const packages = missing.map((need) => debianPackage(need)).join(' ');
    throw new Trouble(`Missing: ${names}. Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages}`);
  }
  say(`installing system packages for ${names}`);
  const start = performance.now();
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = ['-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  // A failing update need not matter: the lists that are there may do.
  await run('apt-get', [...apt, 'update'], { quiet: true, env, limit: 10 * 60_000 });
  const packages = missing.map((need) => debianPackage(need));
  await mustRun('Installing system packages', 'apt-get', [...apt, 'install', '-y', '--no-install-recommends', ...packages], { env, limit: 20 * 60_000 });
  const still = missingOf(missing);
  if (still.length > 0) throw new Trouble(`Still missing after the installation: ${still.map(({ name }) => name).join(', ')}.`);
  say(`installed system packages in ${secondsSince(start)}`);
}

/** @param {readonly Need[]} needs */
function missingOf(needs) {
  const libraries = process.platform === 'linux' ? knownLibraries() : new Set();
  return needs.filter(({ kind, name }) => (kind === 'library' ? !libraries.has(name) : !isOnPath(name)));
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

/** @param {readonly Need[]} missing */
function otherCommand(missing) {
  const tool = ['dnf', 'zypper'].find(isOnPath);
  if (tool === undefined) return 'Install the packages of your system that hold them.';
  // Both find packages by what they provide: a library's soname, or a file.
  const provides = missing.map(({ kind, name }) => (kind === 'library' ? `'${name}()(64bit)'` : `/usr/bin/${name}`));
  return `Run: sudo ${tool} install ${provides.join(' ')}`;
}
