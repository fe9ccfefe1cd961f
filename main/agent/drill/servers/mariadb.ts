/** A MariaDB server for one drill: on a socket in a private folder, without TCP, gone afterwards. */
import path from 'node:path';
import { MysqlServer } from '../../../backup/source/mysql/load.js';
import type { Host } from '../../../backup/source/process/host.js';
import { mysqlSource } from '../../../shared/sources.js';
import { runOnce, serverUser, startServer } from './process.js';
import type { DumpServerKind } from './server.js';

/** Empty system tables and logs, bytes. */
const clusterSize = 192 * 1024 * 1024;

/** @returns null where MariaDB's server is not installed. MySQL's own is not used: its dumps load into MariaDB, or say why not. */
export async function mariadbForDrill(host: Host): Promise<DumpServerKind | null> {
  const install = await host.find(['mariadb-install-db', 'mysql_install_db']);
  const mariadbd = await host.find(['mariadbd', '/usr/libexec/mariadbd']);
  if (install === null || mariadbd === null) return null;
  return {
    async start(scratch, dumpBytes, signal) {
      const user = await serverUser(['mysql']);
      const folder = await scratch.make({ bytes: clusterSize + dumpBytes * 3, owner: user, sockets: true });
      try {
        const order = { folder, user, signal };
        const data = path.join(folder, 'data');
        const socket = path.join(folder, 's');
        await runOnce({ ...order, program: install, args: ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', '--innodb-log-file-size=8M'] }, 'mariadb-install-db');
        const server = new MysqlServer(host, mysqlSource.parse({ type: 'mysql', host: socket, user: 'root' }), null);
        const running = await startServer({
          ...order, program: mariadbd,
          args: [
            '--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--pid-file=${path.join(folder, 'pid')}`, '--skip-networking', '--skip-log-bin', '--event-scheduler=OFF',
            '--innodb-flush-log-at-trx-commit=0', '--innodb-log-file-size=8M', '--innodb-buffer-pool-size=64M', '--character-set-server=utf8mb4', '--max-allowed-packet=1G', `--tmpdir=${folder}`,
          ],
        }, 'MariaDB', 'SIGTERM', () => server.ask('select 1;', signal).then(() => true, () => false));
        return {
          roles: () => Promise.resolve(), // definers need not exist for views and routines to be loaded
          async load(content) {
            await server.create('drill', signal);
            try {
              await server.restore('drill', content, signal);
              return await server.count('drill', signal);
            } finally {
              await server.drop('drill', new AbortController().signal).catch(() => undefined);
            }
          },
          async close() {
            await running.end();
            await scratch.remove(folder);
          },
        };
      } catch (error) {
        await scratch.remove(folder);
        throw error;
      }
    },
  };
}
