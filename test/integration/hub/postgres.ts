/** A PostgreSQL server of its own for one test, from Debian's or Homebrew's binaries. Never runs as root, which PostgreSQL refuses. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from '../../helpers/ports.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from './office.js';

function binaries(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => path.join(root, version, 'bin')), '/opt/homebrew/bin', '/usr/local/bin'];
  const found = folders.find((folder) => existsSync(path.join(folder, 'initdb')));
  if (found === undefined) throw new Error('This test needs PostgreSQL\'s server programs: apt-get install postgresql');
  return found;
}

/** @returns the URL of an empty database, and a way to stop the server hard. */
export async function postgresServer(): Promise<{ url: string }> {
  const folder = tempFolder();
  const port = await freePort();
  const bin = binaries();
  const data = path.join(folder, 'data');
  const user = process.getuid?.() === 0 ? { uid: Number(execFileSync('id', ['-u', 'nobody'])), gid: Number(execFileSync('id', ['-g', 'nobody'])) } : {};
  if (user.uid !== undefined) {
    await chown(folder, user.uid, user.gid);
    await chmod(folder, 0o755);
  }
  execFileSync(path.join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--no-locale'], { ...user, cwd: folder, stdio: 'ignore', env: { PATH: process.env['PATH'] } });
  const server = spawn(path.join(bin, 'postgres'), ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'shared_buffers=32MB'], { ...user, cwd: folder, stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => { server.on('exit', () => resolve()); });
  onTestFinished(async () => {
    server.kill('SIGINT'); // "fast": ends connections first
    await exited;
  });
  await until(() => {
    try {
      execFileSync(path.join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
      return true;
    } catch {
      return false;
    }
  });
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres` };
}
