/** Database servers on this computer: who listens in the usual places, and speaks the protocol. Nobody is logged in. */
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import type { Discovery, Proposal } from '../../../shared/discovery.js';
import type { Source } from '../../../shared/model.js';
import { mongodbSource, mysqlSource, postgresqlSource, redisSource, serverText, type ServerKind, type ServerSource } from '../../../shared/sources.js';

/** Where to look: ports of the loopback address, and folders with sockets. */
export interface Places {
  readonly ports: Readonly<Record<ServerKind, readonly number[]>>;
  readonly socketFolders: readonly string[];
}

/** The usual ports, and those that a second and third server are given. */
export const usualPlaces: Places = {
  ports: { postgresql: [5432, 5433, 5434, 5435], mysql: [3306, 3307, 3308], mongodb: [27017, 27018, 27019], redis: [6379, 6380, 6381] },
  socketFolders: ['/run/postgresql', '/var/run/postgresql', '/run/mysqld', '/var/run/mysqld', '/var/lib/mysql', '/run/redis', '/var/run/redis', '/tmp', '/private/tmp'],
};

/** ms. A server on the same computer answers at once. */
const patience = 1500;

const names: Readonly<Record<ServerKind, string>> = { postgresql: 'A PostgreSQL server', mysql: 'A MySQL or MariaDB server', mongodb: 'A MongoDB server', redis: 'A Redis server' };
const schemas = { postgresql: postgresqlSource, mysql: mysqlSource, mongodb: mongodbSource, redis: redisSource } as const;

/** `hello` of MongoDB as OP_MSG (MongoDB, "Wire Protocol"): header, flags, one section with {hello: 1, $db: "admin"}. */
function mongoHello(): Buffer {
  const document = Buffer.concat([Buffer.from([0x10]), Buffer.from('hello\0'), Buffer.from([1, 0, 0, 0]), Buffer.from([0x02]), Buffer.from('$db\0'), Buffer.from([6, 0, 0, 0]), Buffer.from('admin\0'), Buffer.from([0])]);
  const message = Buffer.alloc(16 + 4 + 1 + 4 + document.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(1, 4);
  message.writeInt32LE(2013, 12);
  message.writeInt32LE(document.length + 4, 21);
  document.copy(message, 25);
  return message;
}

interface Greeting {
  /** What to say first; null: the server speaks first. */
  readonly ask: Buffer | null;
  readonly answers: (said: Buffer) => boolean;
}

const greetings: Readonly<Record<ServerKind, Greeting>> = {
  // SSLRequest is answered with one letter (PostgreSQL, "Message Formats")
  postgresql: { ask: Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]), answers: (said) => said.length === 1 && (said[0] === 0x53 || said[0] === 0x4e) },
  // protocol version 10, or a refusal in its packet format (MySQL, "Connection Phase")
  mysql: { ask: null, answers: (said) => said.length > 4 && said[3] === 0 && (said[4] === 10 || said[4] === 255) },
  mongodb: { ask: mongoHello(), answers: (said) => said.length >= 16 && said.readInt32LE(12) === 2013 },
  redis: { ask: Buffer.from('PING\r\n'), answers: (said) => /^(\+PONG|-NOAUTH|-NOPERM|-DENIED)/.test(said.toString('latin1')) },
};

/** Does a server of this kind answer there? */
function speaks(kind: ServerKind, to: { port: number; host: string } | { path: string }): Promise<boolean> {
  const { answers, ask } = greetings[kind];
  return new Promise((resolve) => {
    const socket: Socket = connect(to);
    const end = (found: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => { end(false); }, patience);
    socket.once('error', () => { end(false); });
    socket.once('close', () => { end(false); });
    socket.once('data', (said) => { end(answers(said)); });
    if (ask) socket.once('connect', () => { socket.write(ask); });
  });
}

function kindOfSocket(name: string): { kind: ServerKind; port?: number } | null {
  const postgresql = /^\.s\.PGSQL\.(\d+)$/.exec(name)?.[1];
  if (postgresql !== undefined) return { kind: 'postgresql', port: Number(postgresql) };
  if (/^(mysqld?|mariadb)\.sock$/.test(name)) return { kind: 'mysql' };
  if (/^redis.*\.sock$/.test(name)) return { kind: 'redis' };
  return null;
}

async function behindSockets(folder: string): Promise<{ kind: ServerKind; port?: number; host: string }[]> {
  const found = await Promise.all((await readdir(folder, { withFileTypes: true }).catch(() => [])).map(async (entry) => {
    const known = entry.isSocket() ? kindOfSocket(entry.name) : null;
    const file = path.join(folder, entry.name);
    if (known === null || !(await speaks(known.kind, { path: file }))) return [];
    return [{ ...known, host: known.kind === 'postgresql' ? folder : file }];
  }));
  return found.flat();
}

const proposal = (source: Source & ServerSource): Proposal => ({
  source, sentence: `${names[source.type]} answers at ${source.host.startsWith('/') && source.port !== undefined ? `${source.host}, port ${source.port}` : serverText(source)}; all that its user may read would be backed up.`,
});

export async function findServers({ ports, socketFolders }: Places): Promise<Discovery> {
  const sockets = (await Promise.all(socketFolders.map(behindSockets))).flat();
  const proposals: Proposal[] = [];
  for (const socket of sockets) {
    // /var/run and /run are one folder
    if (proposals.some(({ source }) => source.type === socket.kind && 'host' in source && path.basename(source.host) === path.basename(socket.host) && source.port === socket.port)) continue;
    proposals.push(proposal(schemas[socket.kind].parse({ type: socket.kind, host: socket.host, ...(socket.port === undefined ? {} : { port: socket.port }) })));
  }
  const kinds: readonly ServerKind[] = ['postgresql', 'mysql', 'mongodb', 'redis'];
  const listening = await Promise.all(kinds.flatMap((kind) => ports[kind].map(async (port, index) => {
    // a server with a socket listens on its port as well, and needs no password on the socket more often
    const known = kind === 'postgresql' ? sockets.some((socket) => socket.kind === kind && socket.port === port) : index === 0 && sockets.some((socket) => socket.kind === kind);
    return !known && await speaks(kind, { port, host: '127.0.0.1' }) ? [proposal(schemas[kind].parse({ type: kind, host: 'localhost', port }))] : [];
  })));
  return { proposals: [...proposals, ...listening.flat()], notes: [] };
}
