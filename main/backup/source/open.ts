/** Opens what a job names: folders as they are, everything else by its own room. */
import type { Source } from '../../shared/model.js';
import type { DatabaseSource } from '../../shared/sources.js';
import { HoldfastError } from '../../shared/errors.js';
import { openLaravel } from './laravel/laravel.js';
import { openMongodb } from './mongodb/mongodb.js';
import { openMysql } from './mysql/mysql.js';
import { openPostgresql } from './postgresql/postgresql.js';
import { patternsAnywhereBelow } from './folders.js';
import { findContainer } from './process/containers.js';
import { localHost, type Host } from './process/host.js';
import { openRedis } from './redis/redis.js';
import type { OpenedSource, SourcePorts } from './source.js';
import { openSqlite } from './sqlite/sqlite.js';
import { openWordpress } from './wordpress/wordpress.js';

/** @throws HoldfastError `source-missing`, `source-failed` or `permission-denied` where it cannot be backed up. */
async function openDatabase(source: DatabaseSource, local: Host, ports: SourcePorts): Promise<OpenedSource> {
  if (source.type === 'sqlite') return openSqlite(source, ports);
  const host = source.container === undefined ? local : await findContainer(source.container, local);
  switch (source.type) {
    case 'postgresql': return openPostgresql(source, host, ports);
    case 'mysql': return openMysql(source, host, ports);
    case 'mongodb': return openMongodb(source, host, ports);
    case 'redis': return openRedis(source, host, ports);
    case 'wordpress': return openWordpress(source, host, ports);
    case 'laravel': return openLaravel(source, host, ports);
  }
}

/**
 * All sources of a job, for one snapshot. Close it when the backup has ended, however that was.
 * @throws HoldfastError the first trouble; what was open by then is closed again.
 */
export async function openSources(sources: readonly Source[], ports: SourcePorts, signal: AbortSignal): Promise<OpenedSource> {
  const local = localHost(ports.env);
  // what one source leaves out, the others may hold; a source alone keeps its patterns as they were written
  const alone = sources.filter(({ type }) => type === 'files' || type === 'wordpress' || type === 'laravel').length < 2;
  const opened: OpenedSource[] = [];
  const close = async (): Promise<void> => { await Promise.all(opened.map((each) => each.close())); };
  try {
    for (const source of sources) {
      signal.throwIfAborted();
      if (source.type === 'files') opened.push({ streams: [], folders: source.paths, excludes: alone ? source.excludes : source.paths.flatMap((folder) => patternsAnywhereBelow(folder, source.excludes)), close: () => Promise.resolve() });
      else opened.push(await openDatabase(source, local, ports));
    }
    const streams = opened.flatMap((each) => each.streams);
    const paths = new Set<string>();
    for (const { name, path } of streams) {
      if (paths.has(path)) throw new HoldfastError('usage', `${name} is in this job twice. Remove one of the two sources that hold it.`);
      paths.add(path);
    }
    return { streams, folders: [...new Set(opened.flatMap((each) => each.folders))], excludes: opened.flatMap((each) => each.excludes), close };
  } catch (error) {
    await close();
    throw error;
  }
}
