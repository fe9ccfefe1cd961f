/** Each package in a Debian that knows nothing of Holdfast: installed, started, joined to a hub, backing up, removed. In this order: the first finds out whether its dependencies are complete. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { run, runOk } from '../helpers/processes.js';
import { CleanRoot } from './clean-root.js';
import { journey } from './journey.js';

let root: CleanRoot;
beforeAll(async () => {
  root = await CleanRoot.make();
  await root.runOk('sh', '-c', 'apt-get -qq update && apt-get -qq -y --no-install-recommends install xvfb xauth rpm && (id tester >/dev/null 2>&1 || useradd --create-home --shell /bin/sh tester)');
});
afterAll(() => root.remove());

const filesOfHoldfast = (): Promise<string> => root.runOk('sh', '-c', 'find / -xdev \\( -path /proc -o -path /dev -o -path /tmp -o -path /var/cache -o -path /var/log \\) -prune -o -iname "*holdfast*" -print');

/** Puts a package where the root finds it. @returns its path in there. */
function bring(kind: 'deb' | 'rpm' | 'tar.gz'): string {
  const name = readdirSync(inject('packages')).find((file) => file.endsWith(`.${kind}`) && !file.startsWith('.'));
  if (name === undefined) throw new Error(`there is no ${kind} in ${inject('packages')}`);
  copyFileSync(path.join(inject('packages'), name), path.join(root.folder, 'tmp', `holdfast.${kind}`));
  return `/tmp/holdfast.${kind}`;
}

/** Prints how long it took, for docs/benchmarks/packages.md. */
async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const since = performance.now();
  const result = await work;
  console.log(`${what}: ${((performance.now() - since) / 1000).toFixed(1)} s`);
  return result;
}

/** Prints how large a package is, packed and unpacked. @param folder where it was installed */
async function expectComplete(kind: string, folder: string): Promise<void> {
  const unpacked = (await root.runOk('du', '-sm', '--apparent-size', folder)).split('\t')[0];
  const file = statSync(path.join(root.folder, 'tmp', `holdfast.${kind}`), { throwIfNoEntry: false });
  console.log(`${kind}: ${file ? `${(file.size / 1e6).toFixed(1)} MB, ` : ''}unpacked ${unpacked} MiB`);
  for (const file of ['LICENSES.txt', 'sbom.cdx.json', 'bin/holdfast']) expect(existsSync(path.join(root.folder, folder, 'resources', file))).toBe(true);
  expect(existsSync(path.join(root.folder, folder, 'resources', 'default_app.asar'))).toBe(false);
}

test('deb', async () => {
  const before = await filesOfHoldfast();
  await timed('deb: apt-get install with all that it depends on, loaded from a mirror', root.runOk('apt-get', '-qq', '-y', '--no-install-recommends', 'install', bring('deb')));
  expect(await root.runOk('cat', '/usr/share/applications/holdfast.desktop')).toMatch(/^MimeType=x-scheme-handler\/holdfast;$/m);
  await expectComplete('deb', 'opt/Holdfast');
  await journey(root, 'holdfast');
  // Over itself, as an upgrade: the command is still there.
  await timed('deb: dpkg --install over itself', root.runOk('dpkg', '--install', '/tmp/holdfast.deb'));
  expect(await root.runOk('holdfast', '--version')).toMatch(/^\d/);
  expect(await timed('deb: apt-get purge', root.runOk('apt-get', '-qq', '-y', 'purge', 'holdfast'))).toContain('settings and passwords of its users stay');
  expect(await filesOfHoldfast()).toBe(before);
});

test('rpm', async () => {
  const before = await filesOfHoldfast();
  const file = bring('rpm');
  const refused = await root.run('rpm', '--install', file);
  const missing = [...refused.stderr.matchAll(/^\s+(\S+) is needed by holdfast/gm)].map((match) => match[1]);
  expect(missing.sort()).toEqual(['/bin/sh', 'alsa-lib', 'gtk3', 'mesa-libgbm', 'nss', 'xdg-utils']);
  // This root is a Debian: a package of nothing says to rpm that the libraries, which the deb brought, are there.
  await provide(missing.filter((name) => name !== undefined));
  await timed('rpm: rpm --install', root.runOk('rpm', '--install', file));
  expect(await root.runOk('rpm', '--query', '--queryformat', '%{LICENSE}', 'holdfast')).toBe('MIT');
  await expectComplete('rpm', 'opt/Holdfast');
  await journey(root, 'holdfast');
  await root.runOk('rpm', '--upgrade', '--force', file);
  expect(await root.runOk('holdfast', '--version')).toMatch(/^\d/);
  await timed('rpm: rpm --erase', root.runOk('rpm', '--erase', 'holdfast'));
  expect(await filesOfHoldfast()).toBe(before);
});

/** The app's folder as it was built. */
const copyDir = (): Promise<string> => runOk('cp', ['-r', path.join(inject('packages'), 'linux-unpacked'), path.join(root.folder, 'opt/unpacked')]);
const unpackTar = (): Promise<string> => timed('tar.gz: tar -x', root.runOk('sh', '-c', `mkdir /opt/unpacked && tar -xzf ${bring('tar.gz')} -C /opt/unpacked --strip-components=1`));

test.each([['dir', copyDir], ['tar.gz', unpackTar]] as const)('%s', async (kind, put) => {
  const before = await filesOfHoldfast();
  await put();
  await expectComplete(kind, 'opt/unpacked');
  // A root like this one has no user namespaces, and nobody prepared the helper: what the sentence says has to be enough.
  const refused = await root.run('su', '-', 'tester', '-c', '/opt/unpacked/resources/bin/holdfast --background');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^holdfast: This computer does not let the app make the sandbox/) });
  await root.runOk('sh', '-c', /as root: (.*)$/m.exec(refused.stderr)?.[1] ?? 'false');
  expect((await root.run('/opt/unpacked/resources/bin/holdfast')).stderr).toBe('holdfast: The app does not run as root. Start it as the user whose files it backs up; to back up as root, run: holdfast agent\n');
  await journey(root, '/opt/unpacked/resources/bin/holdfast');
  await root.runOk('rm', '-r', '/opt/unpacked');
  expect(await filesOfHoldfast()).toBe(before);
});

test('the fuses are locked', async () => {
  const { stdout } = await run('npx', ['electron-fuses', 'read', '--app', path.join(inject('packages'), 'linux-unpacked', 'holdfast')]);
  for (const off of ['RunAsNode', 'EnableNodeOptionsEnvironmentVariable', 'EnableNodeCliInspectArguments', 'GrantFileProtocolExtraPrivileges']) expect(stdout).toContain(`${off} is Disabled`);
  for (const on of ['OnlyLoadAppFromAsar', 'EnableCookieEncryption', 'EnableEmbeddedAsarIntegrityValidation']) expect(stdout).toContain(`${on} is Enabled`);
});

/** Installs an rpm in the root that provides these names and has no file. */
async function provide(names: readonly string[]): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), 'holdfast-provides-'));
  try {
    writeFileSync(path.join(work, 'libraries.spec'), [
      'Name: libraries', 'Version: 1', 'Release: 1', 'Summary: what is there', 'License: MIT', 'BuildArch: noarch', ...names.map((name) => `Provides: ${name}`), '', '%description', 'None.', '', '%files', '',
    ].join('\n'));
    await runOk('rpmbuild', ['-bb', '--quiet', '--define', `_topdir ${work}`, '--define', `_rpmdir ${work}`, '--define', '_build_name_fmt libraries.rpm', path.join(work, 'libraries.spec')]);
    copyFileSync(path.join(work, 'libraries.rpm'), path.join(root.folder, 'tmp/libraries.rpm'));
    await root.runOk('rpm', '--install', '/tmp/libraries.rpm');
  } finally {
    rmSync(work, { recursive: true });
  }
}

declare module 'vitest' {
  export interface ProvidedContext {
    packages: string;
  }
}
