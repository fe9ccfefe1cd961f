/** A PostgreSQL server for one drill: on a socket in a private folder, without TCP, gone afterwards. */
import path from 'node:path';
import type { Host } from '../../../backup/source/process/host.js';
import { PostgresServer } from '../../../backup/source/postgresql/load.js';
import { versionedFolders } from '../../../backup/source/postgresql/postgresql.js';
import { postgresqlSource } from '../../../shared/sources.js';
import { runOnce, serverUser, startServer } from './process.js';
import type { DumpServerKind } from './server.js';

/** Another name than any role of a dump is likely to have: roles that are there cannot be loaded. */
const superuser = 'holdfast_drill';
/** An empty cluster, bytes. */
const clusterSize = 64 * 1024 * 1024;

/** @returns null where PostgreSQL's server is not installed. */
export async function postgresForDrill(host: Host): Promise<DumpServerKind | null> {
  const folders = await versionedFolders();
  const initdb = await host.find([...folders.map((folder) => path.join(folder, 'initdb')), 'initdb']);
  if (initdb === null) return null;
  const postgres = await host.find([path.join(path.dirname(initdb), 'postgres')]);
  if (postgres === null) return null;
  return {
    async start(scratch, dumpBytes, signal) {
      const user = await serverUser(['postgres']);
      // tables and indexes take more than their dump, and the write-ahead log comes on top
      const folder = await scratch.make({ bytes: clusterSize + dumpBytes * 3, owner: user, sockets: true });
      try {
        const data = path.join(folder, 'data');
        const order = { folder, user, signal };
        await runOnce({ ...order, program: initdb, args: ['-D', data, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'] }, 'initdb');
        // the folder is its owner's only, so whoever reaches the socket may come in
        const source = postgresqlSource.parse({ type: 'postgresql', host: folder, user: superuser });
        const server = new PostgresServer(host, source, null);
        const running = await startServer({
          ...order, program: postgres,
          args: ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'wal_level=minimal', '-c', 'max_wal_senders=0', '-c', 'autovacuum=off', '-c', 'shared_buffers=32MB', '-c', 'max_wal_size=128MB'],
        }, 'PostgreSQL', 'SIGINT', () => server.ask('select 1;', 'postgres', signal).then(() => true, () => false));
        return {
          roles: (content) => server.roles(content, signal),
          async load(content) {
            await server.create('drill', signal);
            try {
              await server.restore('drill', content, { replace: false, owners: true, signal });
              return await server.count('drill', signal);
            } finally {
              await server.drop('drill', new AbortController().signal).catch(() => undefined); // room for the next one
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
