/** What every package has to do once it is installed: be the command, start as the app, join a hub, back up, and give back what it took. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { runOk, start } from '../helpers/processes.js';
import { tempFolder } from '../helpers/temp.js';
import { until } from '../helpers/until.js';
import type { CleanRoot } from './clean-root.js';

const checkout = path.resolve(import.meta.dirname, '../../out/main/cli/holdfast.js');

/**
 * As the normal user `tester` of that root, with the hub outside of it.
 * @param command the `holdfast` command as this user types it, e.g. its full path for an unpacked archive
 */
export async function journey(root: CleanRoot, command: string): Promise<void> {
  const hubEnv = { HOLDFAST_DATA: tempFolder(), HOLDFAST_SECRETS: 'file' };
  const hub = async (...args: string[]): Promise<string> => runOk(process.execPath, [checkout, ...args], { env: hubEnv });
  await start(process.execPath, [checkout, 'hub', '--listen', '127.0.0.1:0'], { env: hubEnv }).line(/^listening on /);
  const { link } = JSON.parse(await hub('setup-token', 'create', 'test', '--json')) as { link: string };

  const home = path.join(root.folder, 'home/tester');
  mkdirSync(path.join(home, 'documents'), { recursive: true });
  writeFileSync(path.join(home, 'documents/a file.txt'), 'what matters');
  await root.runOk('chown', '-R', 'tester:', '/home/tester');
  const asTester = (words: string): Promise<string> => root.runOk('su', '-', 'tester', '-c', words);
  expect(await asTester(`${command} --version`)).toMatch(/^\d+\.\d+\.\d+\n$/);

  const app = root.start('su', '-', 'tester', '-c', `xvfb-run -a ${command} --background`);
  await until('the app joined its own hub', async () => {
    if (!app.isRunning) throw new Error(app.lines.join('\n'));
    const { code, stdout } = await root.run('su', '-', 'tester', '-c', `${command} status --json`);
    return code === 0 && (JSON.parse(stdout) as { connection: { state: string } }).connection.state === 'connected';
  }, 120_000);
  expect(await asTester(`${command} join '${link}' --allow /home/tester`)).toContain('This computer belongs to ');
  const { id: jobId } = JSON.parse(await hub('job', 'add', 'Documents', '/home/tester/documents', '--repo', '/home/tester/repository', '--json')) as { id: string };
  await until('the job is there', async () => (await asTester(`${command} status --json`)).includes(jobId));
  // The first run makes the repository and its password.
  await hub('job', 'run', '--wait');
  const { password } = JSON.parse(await asTester(`${command} recovery-kit --json`)) as { password: string };

  const target = tempFolder();
  const repository = path.join(home, 'repository');
  const restic = { env: { RESTIC_PASSWORD: password } };
  await runOk('restic', ['-r', repository, 'check', '--read-data', '--no-cache'], restic);
  await runOk('restic', ['-r', repository, 'restore', 'latest', '--no-cache', '--target', target], restic);
  expect(readFileSync(path.join(target, 'home/tester/documents/a file.txt'), 'utf8')).toBe('what matters');

  await app.stop();
  expect(await asTester(`${command} uninstall --purge --yes`)).toContain('Holdfast is gone from this computer');
  // The user's own folder holds the backup, and nothing else of Holdfast.
  expect(await asTester('find . -iname "*holdfast*"')).toBe('');
  rmSync(repository, { recursive: true });
}
