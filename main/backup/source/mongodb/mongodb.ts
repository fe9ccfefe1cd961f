/** MongoDB by mongodump: all databases, or one, as one archive. */
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { defaultPorts, passwordTarget, serverText, type MongodbSource } from '../../../shared/sources.js';
import { Tools, type Failure } from '../process/command.js';
import { privateFile, type Host } from '../process/host.js';
import { findTool } from '../process/tools.js';
import { databasesFolder, dumpMode, pathPart, type OpenedSource, type SourcePorts } from '../source.js';

const packages = { debian: 'mongodb-database-tools (from MongoDB\'s own repository)', fedora: 'mongodb-database-tools (from MongoDB\'s own repository)', homebrew: 'mongodb/brew/mongodb-database-tools' };

function explainMongo(where: string, user: string | undefined): (failure: Failure) => HoldfastError | null {
  const who = user === undefined ? 'this user' : `the user "${user}"`;
  return ({ said }) => {
    if (/AuthenticationFailed|auth error|SCRAM|password/i.test(said)) return new HoldfastError('permission-denied', `${where} does not let ${who} in with the password this computer has. Enter the right password, and the database that knows the user.`);
    if (/Unauthorized|not authorized|requires authentication/i.test(said)) return new HoldfastError('permission-denied', `${where}: ${who} may not read all of it. Grant the role "backup".`);
    if (/server selection|connection refused|no reachable servers|no such host|could not connect/i.test(said)) return new HoldfastError('source-missing', `${where} does not answer. Check that it runs and that the job names its host and port.`, { retryable: true });
    if (/x509|tls|certificate/i.test(said)) return new HoldfastError('source-failed', `${where}: the encrypted connection could not be made. Check its certificate, or the TLS setting of the job.`);
    if (/connection.*(closed|reset)|unexpected EOF|socket was unexpectedly closed/i.test(said)) return new HoldfastError('source-failed', `${where}: the server broke off the connection while it was dumped. Run the backup again.`, { retryable: true });
    return null;
  };
}

/** The beginning of an archive, little endian (mongo-tools, common/archive/archive.go). */
const magic = 0x8199e26d;
/** Ends every block of an archive, the last one too. */
const terminator = 0xffffffff;

/** @throws HoldfastError where mongodump is missing; what the server says comes with the stream. */
export async function openMongodb(source: MongodbSource, host: Host, ports: SourcePorts): Promise<OpenedSource> {
  const where = `MongoDB at ${serverText(source)}`;
  const password = await ports.password(passwordTarget(source));
  const program = await findTool(host, { programs: ['mongodump'], packages });
  const tools = new Tools(host, {}, ports.patience);
  const inContainer = source.container !== undefined && source.host === 'localhost';
  const tls = source.tls === 'prefer' ? [] : ['--ssl', ...(source.tls === 'require' ? ['--tlsInsecure'] : [])];
  const args = [
    ...(password === null ? [] : [`--config=${privateFile}`]),
    ...(inContainer ? [] : [`--host=${source.host}`, ...(source.host.startsWith('/') ? [] : [`--port=${source.port ?? defaultPorts.mongodb}`])]),
    ...(source.user === undefined ? [] : [`--username=${source.user}`, `--authenticationDatabase=${source.authenticationDatabase ?? 'admin'}`]),
    ...(source.database === undefined ? [] : [`--db=${source.database}`]),
    ...tls,
    '--archive',
    // collections one after another: several at once would mix in another order each time, and nothing would deduplicate
    '--numParallelCollections=1',
  ];
  return {
    folders: [], excludes: [],
    streams: [{
      name: where, path: `${databasesFolder}/mongodb/${pathPart(serverText(source))}/${pathPart(source.database ?? 'all')}.archive`, mode: dumpMode, time: new Date(),
      open: (signal) => complete(where, tools.stream(
        // JSON is YAML, so every password can be written down in it
        { program, args, ...(password === null ? {} : { file: `password: ${JSON.stringify(password)}\n` }) },
        { tool: path.basename(program), signal, explain: explainMongo(where, source.user) },
      )),
    }],
    close: () => tools.close(),
  };
}

async function* complete(where: string, archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  for await (const piece of archive) {
    if (head.length < 4) head = Buffer.concat([head, piece.subarray(0, 4)]);
    tail = Buffer.concat([tail, piece.subarray(-4)]).subarray(-4);
    yield piece;
  }
  if (head.length < 4 || head.readUInt32LE(0) !== magic || tail.length < 4 || tail.readUInt32LE(0) !== terminator) {
    throw new HoldfastError('source-failed', `${where}: the archive ended before it was complete. Run the backup again.`, { retryable: true });
  }
}
