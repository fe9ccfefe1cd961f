/** install.sh: clean by shellcheck, and run for real as a fresh user with a real service manager. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareVersions } from '../../../main/hub/install/packages.js';
import { installScript } from '../../../main/hub/install/script.js';
import { askHub } from '../../helpers/hub-client.js';
import { run, runOk } from '../../helpers/processes.js';
import { UserSystemd, whyNoSystemd } from '../../helpers/systemd-user.js';
import { tempFolder } from '../../helpers/temp.js';
import { testHub } from './office.js';

const root = path.resolve(import.meta.dirname, '../../..');
const here = `${process.platform}-${process.arch}`;

/** A package as small as can be, to see what the script does around it. */
async function smallPackage(folder: string, version: string): Promise<string> {
  const work = path.join(tempFolder(), 'package');
  mkdirSync(path.join(work, 'out/main/cli'), { recursive: true });
  writeFileSync(path.join(work, 'package.json'), JSON.stringify({ name: 'holdfast', version, type: 'module' }));
  writeFileSync(path.join(work, 'out/main/cli/holdfast.js'), `console.log(${JSON.stringify(version)}, process.argv.slice(2).join(' ').replace(/'/g, ''), '"state":"connected"')\n`);
  const file = path.join(folder, `holdfast-headless-${version}-${here}.tgz`);
  await runOk('tar', ['-czf', file, '-C', path.dirname(work), 'package']);
  return file;
}

/** Runs the line that the hub shows, as a user with this home. */
const install = (command: string, home: string, env: Record<string, string> = {}) => run('sh', ['-c', command], { env: { HOME: home, PATH: process.env['PATH'] ?? '', ...env } });

test('the script is plain POSIX sh without a finding of shellcheck, with packages and without', async () => {
  const folder = tempFolder();
  const packages = [{ platform: 'linux-x64', file: 'holdfast-headless-1.0.0-linux-x64.tgz', sha256: 'a'.repeat(64) }];
  for (const [name, facts] of Object.entries({ none: { packages: [], pin: null }, some: { packages, pin: 'sha256//abc=' } })) {
    const file = path.join(folder, `${name}.sh`);
    writeFileSync(file, installScript({ url: 'https://office.example:7878', ...facts }));
    expect(await runOk('shellcheck', ['--shell=sh', '--enable=all', '--exclude=SC2250,SC2292,SC2310,SC2312,SC2249,SC2317', file])).toBe('');
    expect(await runOk('sh', ['-n', file])).toBe('');
  }
});

test('a hub without packages says so, an unknown name is refused, nothing else of the folder goes out', async () => {
  const packagesFolder = tempFolder();
  const hub = await testHub({ packagesFolder });
  expect((await askHub(hub.url, '/downloads/holdfast-0.1.0-linux-amd64.deb')).json).toMatchObject({ message: expect.stringMatching(/^This hub has no packages\./) as string });
  const { command } = await hub.admin.createSetupToken({ name: 'office' });
  const home = tempFolder();
  const none = await install(command, home);
  expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(new RegExp(`^Holdfast was not installed: the hub has no package for ${here}\\.`)) as string]);
  expect(existsSync(path.join(home, '.local'))).toBe(false);
  writeFileSync(path.join(packagesFolder, 'secret.txt'), 'secret');
  for (const name of ['secret.txt', '..%2f..%2fetc%2fpasswd', 'holdfast-..%2fsecret.txt', '']) expect((await askHub(hub.url, `/downloads/${name}`)).status, name).toBe(404);
});

test('it installs, is idempotent, goes on to a newer version, and takes nothing damaged', async () => {
  const packagesFolder = tempFolder();
  const first = await smallPackage(packagesFolder, '0.9.0');
  const hub = await testHub({ packagesFolder });
  const { command } = await hub.admin.createSetupToken({ name: 'office' });
  const home = tempFolder();
  expect(await install(command, home)).toMatchObject({ code: 0, stderr: '' });
  const lib = path.join(home, '.local/lib/holdfast');
  const called = path.join(home, '.local/bin/holdfast');
  expect(await runOk(called, ['hello'])).toMatch(/^0\.9\.0 hello/);
  const again = await install(command, home);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('already');

  await smallPackage(packagesFolder, '0.10.0');
  expect(await install(command, home)).toMatchObject({ code: 0 });
  expect(await runOk(called, ['hello'])).toMatch(/^0\.10\.0 hello/);
  expect((await runOk('ls', [lib])).trim().split('\n').filter((name) => name.startsWith('0.'))).toHaveLength(1);

  // The script carries the sum of what was there when it was made; what comes afterwards is something else.
  const script = (await askHub(hub.url, '/install.sh')).text;
  const sum = createHash('sha256').update(readFileSync(path.join(packagesFolder, `holdfast-headless-0.10.0-${here}.tgz`))).digest('hex');
  expect(script).toContain(sum);
  copyFileSync(first, path.join(packagesFolder, `holdfast-headless-0.10.0-${here}.tgz`));
  const file = path.join(tempFolder(), 'install.sh');
  writeFileSync(file, script);
  const fresh = tempFolder();
  const damaged = await run('sh', [file, 'holdfast://join?x=1'], { env: { HOME: fresh, PATH: process.env['PATH'] ?? '' } });
  expect([damaged.code, damaged.stderr]).toEqual([1, expect.stringContaining('the package is damaged') as string]);
  expect((await runOk('find', [fresh, '-type', 'f'])).trim()).toBe('');
});

test('it refuses in one sentence: no link, another system, an old Node, a hub with another key', async () => {
  const packagesFolder = tempFolder();
  await smallPackage(packagesFolder, '0.9.0');
  const hub = await testHub({ packagesFolder });
  const { command } = await hub.admin.createSetupToken({ name: 'office' });
  const folder = tempFolder();
  const fake = (name: string, body: string): string => {
    const bin = path.join(folder, name);
    mkdirSync(bin);
    const [tool = ''] = name.split('.');
    writeFileSync(path.join(bin, tool), `#!/bin/sh\n${body}\n`);
    chmodSync(path.join(bin, tool), 0o755);
    return `${bin}:${process.env['PATH'] ?? ''}`;
  };
  const refusals: [string, Record<string, string>, RegExp][] = [
    [command.replace(/'holdfast:.*'/, "''"), {}, /the setup link is missing/],
    [command, { PATH: fake('uname.bsd', 'echo OpenBSD') }, /runs on Linux and macOS, and this is OpenBSD/],
    [command, { PATH: fake('uname.mips', 'if [ "$1" = -m ]; then echo mips; else echo Linux; fi') }, /x64 and arm64 processors, and this is mips/],
    [command, { PATH: fake('node', 'if [ "$1" = --version ]; then echo v18.0.0; else exit 1; fi') }, /Node.js 20.19 or newer, and this is v18/],
  ];
  for (const [line, env, why] of refusals) {
    const { code, stderr } = await install(line, tempFolder(), env);
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(stderr).toMatch(why);
  }
  const other = await testHub({ packagesFolder });
  const fooled = await install(command.replaceAll(hub.url, other.url), tempFolder());
  expect(fooled.stderr).toMatch(/curl: \(90\)/);
  expect(compareVersions('0.10.0', '0.9.9')).toBeGreaterThan(0);
  expect(compareVersions('1.0.0', '1.0.0-beta.2')).toBeGreaterThan(0);
  expect(compareVersions('1.0.0-beta.10', '1.0.0-beta.2')).toBeGreaterThan(0);
});

const why = whyNoSystemd();
describe('as a fresh user', () => {
  if (why !== null) {
    test(`no user manager can be started for this test because ${why}: CI runs it as root`, () => {
      expect(process.getuid?.()).not.toBe(0);
    });
    return;
  }
  test('the line that the hub shows installs the real package, joins and starts the service', { timeout: 180_000 }, async () => {
    const packagesFolder = tempFolder();
    await runOk(process.execPath, [path.join(root, 'build/packaging/headless.mjs'), packagesFolder], { limit: 150_000 });
    const hub = await testHub({ packagesFolder });
    const { command } = await hub.admin.createSetupToken({ name: 'office', maxUses: 1 });
    const systemd = await UserSystemd.start();
    const said = await systemd.runOk('sh', ['-c', command]);
    expect(said).toContain('Connected to');
    expect(await hub.admin.listAgents({})).toMatchObject([{ online: true }]);
    // Again, though the token is used up: nothing is to be done.
    expect(await systemd.runOk('sh', ['-c', command])).toContain('belongs to');
    expect(await hub.admin.listAgents({})).toHaveLength(1);
  });
});
