/** Loads an archive of mongodump into a MongoDB server by mongorestore. */
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { defaultPorts, serverText, type MongodbSource } from '../../../shared/sources.js';
import { feed, type Content } from '../process/feed.js';
import { privateFile, type Host } from '../process/host.js';
import { findTool } from '../process/tools.js';

export interface MongodbLoad {
  readonly source: MongodbSource;
  readonly password: string | null;
  /** The database in the archive and the name it gets; null loads all of the archive under their own names. */
  readonly rename: { readonly from: string; readonly to: string } | null;
  readonly content: Content;
  /** Drop each collection before its content is loaded. Otherwise documents are added, and a document that is there ends the load. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
}

const packages = { debian: 'mongodb-database-tools (from MongoDB\'s own repository)', fedora: 'mongodb-database-tools (from MongoDB\'s own repository)', homebrew: 'mongodb/brew/mongodb-database-tools' };

/** @throws HoldfastError. What was loaded before an error stays. */
export async function loadMongodb({ source, password, rename, content, replace, signal }: MongodbLoad, host: Host): Promise<void> {
  const program = await findTool(host, { programs: ['mongorestore'], packages });
  const where = `MongoDB at ${serverText(source)}`;
  const args = [
    ...(password === null ? [] : [`--config=${privateFile}`]), `--host=${source.host}`, ...(source.host.startsWith('/') ? [] : [`--port=${source.port ?? defaultPorts.mongodb}`]),
    ...(source.user === undefined ? [] : [`--username=${source.user}`, `--authenticationDatabase=${source.authenticationDatabase ?? 'admin'}`]),
    ...(source.tls === 'prefer' ? [] : ['--ssl', ...(source.tls === 'require' ? ['--tlsInsecure'] : [])]),
    ...(rename === null ? [] : [`--nsInclude=${rename.from}.*`, `--nsFrom=${rename.from}.*`, `--nsTo=${rename.to}.*`]),
    ...(replace ? ['--drop'] : []), '--stopOnError', '--archive',
  ];
  await feed(host, { program, args, ...(password === null ? {} : { file: `password: ${JSON.stringify(password)}\n` }) }, content, {
    signal, tool: path.basename(program),
    explain: ({ said }) => {
      if (/AuthenticationFailed|auth error|SCRAM/i.test(said)) return new HoldfastError('permission-denied', `${where} does not let this user in with that password. Enter the right one.`);
      if (/E11000|duplicate key/i.test(said)) return new HoldfastError('repository-exists', `${where} has documents of that database already. Name a new database, or say that it may be replaced.`);
      if (/server selection|connection refused|no reachable servers|no such host/i.test(said)) return new HoldfastError('source-missing', `${where} does not answer. Check that it runs, and its host and port.`, { retryable: true });
      return null;
    },
  });
}
