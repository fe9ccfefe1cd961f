/** A MariaDB server on the loopback address with a data folder of its own, never as root. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './ports.js';
import { runOk, start } from './processes.js';
import { removeTree, tempFolder } from './temp.js';
import { until } from './until.js';

export interface MariadbServer {
  readonly port: number;
  readonly socket: string;
  readonly folder: string;
  readonly user: 'root';
  readonly password: string;
  /** Runs SQL as root and returns what the client prints, without headings. */
  sql(sql: string, database?: string): Promise<string>;
  /** Arguments and environment for MariaDB's tools, as root. */
  readonly access: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Stop it yourself: it may outlive a test. @param options further options of mariadbd */
export async function startMariadb(options: readonly string[] = []): Promise<MariadbServer> {
  const folder = tempFolder({ keep: true });
  const port = await freePort();
  const at = (name: string): string => path.join(folder, name);
  const password = 'ge"he\'im #1 \\x;';
  const asUser: string[] = [];
  if (process.getuid?.() === 0) {
    const [uid = 0, gid = 0] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'])));
    chownSync(folder, uid, gid);
    chmodSync(folder, 0o755);
    asUser.push('setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups');
  }
  const program = (name: string, args: string[]): [string, string[]] => {
    const [first, ...rest] = [...asUser, name, ...args];
    return [first ?? '', rest];
  };
  await runOk(...program('mariadb-install-db', ['--no-defaults', `--datadir=${at('data')}`, '--auth-root-authentication-method=normal', '--skip-test-db', '--innodb-log-file-size=8M']), { cwd: folder });
  const server = start(...program('/usr/sbin/mariadbd', [
    '--no-defaults', `--datadir=${at('data')}`, `--socket=${at('s')}`, `--pid-file=${at('pid')}`, '--bind-address=127.0.0.1', `--port=${port}`,
    '--innodb-flush-log-at-trx-commit=0', '--innodb-log-file-size=8M', '--innodb-buffer-pool-size=32M', '--character-set-server=utf8mb4', '--event-scheduler=ON', ...options,
  ]), { cwd: folder, keep: true });
  await until('MariaDB answers', () => runOk('mariadb-admin', ['--no-defaults', '-uroot', '-S', at('s'), 'ping']).then(() => true));
  const optionsFile = at('client.cnf');
  writeFileSync(optionsFile, '', { mode: 0o600 });
  const access = { args: ['--no-defaults', '-uroot', '-S', at('s'), '--default-character-set=utf8mb4'], env: { MYSQL_PWD: password } };
  await runOk('mariadb', ['--no-defaults', '-uroot', '-S', at('s')], { input: `set password for root@localhost = password('${password.replace(/['\\]/g, '\\$&')}');` });
  return {
    port, folder, user: 'root', password, access, socket: at('s'),
    sql: (sql, database) => runOk('mariadb', [...access.args, '--skip-column-names', '--batch', ...(database === undefined ? [] : [database])], { env: access.env, input: sql, limit: 300_000 }),
    kill: async () => {
      server.signal('SIGKILL');
      await server.ended;
    },
    stop: async () => {
      await server.stop(20_000);
      await removeTree(folder);
    },
  };
}
