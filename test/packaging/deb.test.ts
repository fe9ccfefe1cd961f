/** The deb package in a clean Debian: installed with its dependencies, started, joined to a hub, backing up, removed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectAgentControl } from '../../main/platform/local-socket/client.js';
import { run, runOk, start } from '../helpers/processes.js';
import { tempFolder } from '../helpers/temp.js';
import { until } from '../helpers/until.js';
import { CleanRoot } from './clean-root.js';

const command = path.resolve(import.meta.dirname, '../../out/main/cli/holdfast.js');
let root: CleanRoot;
beforeAll(async () => { root = await CleanRoot.make(); });
afterAll(() => root.remove());

const filesOfHoldfast = (): Promise<string> => root.runOk('sh', '-c', 'find / -xdev \\( -path /proc -o -path /dev -o -path /tmp -o -path /var/cache -o -path /home -o -path /var/log \\) -prune -o -iname "*holdfast*" -print');

test('install, start, join, back up, remove', async () => {
  await root.runOk('sh', '-c', 'apt-get -qq update && apt-get -qq -y --no-install-recommends install xvfb xauth && (id tester >/dev/null 2>&1 || useradd --create-home tester)');
  const before = await filesOfHoldfast();
  writeFileSync(path.join(root.folder, 'tmp/holdfast.deb'), readFileSync(inject('deb')));
  await root.runOk('apt-get', '-qq', '-y', '--no-install-recommends', 'install', '/tmp/holdfast.deb');
  expect(await root.runOk('cat', '/usr/share/applications/holdfast.desktop')).toMatch(/^MimeType=x-scheme-handler\/holdfast;$/m);
  for (const file of ['LICENSES.txt', 'sbom.cdx.json']) expect(existsSync(path.join(root.folder, 'opt/Holdfast/resources', file))).toBe(true);
  expect(existsSync(path.join(root.folder, 'opt/Holdfast/resources/default_app.asar'))).toBe(false);

  const hubData = tempFolder();
  const env = { HOLDFAST_DATA: hubData, HOLDFAST_SECRETS: 'file' };
  await start(process.execPath, [command, 'hub', '--listen', '127.0.0.1:0'], { env }).line(/^listening on /);
  const { link } = JSON.parse(await runOk(process.execPath, [command, 'setup-token', 'create', 'test', '--json'], { env })) as { link: string };

  const home = path.join(root.folder, 'home/tester');
  const app = root.start('su', '-', 'tester', '-c', 'xvfb-run -a holdfast --background');
  const data = path.join(home, '.local/share/holdfast');
  const control = await until('the app answers', () => connectAgentControl(data).catch(() => { if (!app.isRunning) throw new Error(app.lines.join('\n')); return undefined; }), 90_000);
  await control.call('join', { link });
  await until('the agent is connected', async () => (await control.call('state', {})).connection.state === 'connected');

  const source = path.join(home, 'documents');
  mkdirSync(source, { recursive: true });
  writeFileSync(path.join(source, 'a file.txt'), 'what matters');
  await root.runOk('chown', '-R', 'tester:', '/home/tester/documents');
  const destination = { id: 'packagetest1', name: 'Local', url: '/home/tester/repository' };
  await control.call('prepareDestination', { destination, password: null });
  const { job } = await control.call('createJob', {
    draft: { name: 'Documents', sources: [{ type: 'files', paths: ['/home/tester/documents'] }], destination, schedule: { type: 'manual' } },
  });
  const { runId } = await control.call('runJob', { jobId: job.id });
  await until('the run has ended', async () => (await control.call('state', {})).runs.find(({ id }) => id === runId)?.state === 'succeeded', 60_000);
  const { password } = await control.call('recoveryKit', { destinationId: destination.id });
  control.close();

  const target = tempFolder();
  const repository = path.join(home, 'repository');
  const restic = { env: { RESTIC_PASSWORD: password } };
  await runOk('restic', ['-r', repository, 'check', '--read-data', '--no-cache'], restic);
  await runOk('restic', ['-r', repository, 'restore', 'latest', '--no-cache', '--target', target], restic);
  expect(readFileSync(path.join(target, 'home/tester/documents/a file.txt'), 'utf8')).toBe('what matters');

  await app.stop();
  await root.runOk('apt-get', '-qq', '-y', 'purge', 'holdfast');
  expect(await filesOfHoldfast()).toBe(before);
});

test('the fuses are locked', async () => {
  const { stdout } = await run('npx', ['electron-fuses', 'read', '--app', path.join(inject('unpacked'), 'holdfast')]);
  for (const off of ['RunAsNode', 'EnableNodeOptionsEnvironmentVariable', 'EnableNodeCliInspectArguments', 'GrantFileProtocolExtraPrivileges']) expect(stdout).toContain(`${off} is Disabled`);
  for (const on of ['OnlyLoadAppFromAsar', 'EnableCookieEncryption', 'EnableEmbeddedAsarIntegrityValidation']) expect(stdout).toContain(`${on} is Enabled`);
});

declare module 'vitest' {
  export interface ProvidedContext {
    deb: string;
    unpacked: string;
  }
}
