/** A PostgreSQL server on the loopback address with a data folder of its own. Never runs as root, which PostgreSQL refuses. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from './ports.js';
import { runOk, start, type Running } from './processes.js';
import { removeTree, tempFolder } from './temp.js';
import { until } from './until.js';

export interface PostgresServer {
  readonly port: number;
  readonly folder: string;
  readonly binaries: string;
  /** The superuser, whose password is in `password`. */
  readonly user: 'postgres';
  readonly password: string;
  /** Runs SQL as the superuser and returns what psql prints, unaligned and without headings. */
  sql(sql: string, database?: string): Promise<string>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export function postgresBinaries(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => path.join(root, version, 'bin')), '/opt/homebrew/bin', '/usr/local/bin'];
  const found = folders.find((folder) => existsSync(path.join(folder, 'initdb')));
  if (found === undefined) throw new Error('This test needs PostgreSQL\'s server programs: apt-get install postgresql');
  return found;
}

/** Stop it yourself: it may outlive a test. */
export async function startPostgres(binaries = postgresBinaries()): Promise<PostgresServer> {
  const folder = tempFolder({ keep: true });
  const password = 'geheim "quote\' \\back';
  const port = await freePort();
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, password);
  const asUser: string[] = [];
  if (process.getuid?.() === 0) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'])));
    await chown(folder, uid ?? 0, gid ?? 0);
    await chown(passwordFile, uid ?? 0, gid ?? 0);
    await chmod(folder, 0o755);
    asUser.push('setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups');
  }
  const program = (name: string, args: string[]): [string, string[]] => {
    const [first, ...rest] = [...asUser, path.join(binaries, name), ...args];
    return [first ?? '', rest];
  };
  await runOk(...program('initdb', ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile, '--no-sync', '-E', 'UTF8', '--no-locale']), { cwd: folder });
  const server: Running = start(...program('postgres', ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'shared_buffers=32MB']), { cwd: folder, keep: true });
  const sql = (text: string, database = 'postgres'): Promise<string> => runOk('psql', ['-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-d', database], { env: { PGPASSWORD: password }, input: text, limit: 300_000 });
  await until('PostgreSQL answers', () => sql('select 1').then(() => true));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    server.signal(signal);
    await server.ended;
  };
  return {
    port, folder, binaries, user: 'postgres', password, sql,
    kill: () => end('SIGQUIT'), // the server's own emergency exit: its processes end with it
    stop: async () => {
      await end('SIGINT'); // "fast": ends connections first
      await removeTree(folder);
    },
  };
}
