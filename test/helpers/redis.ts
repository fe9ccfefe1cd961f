/** A Redis server on the loopback address and on a socket. */
import path from 'node:path';
import { freePort } from './ports.js';
import { runOk, start } from './processes.js';
import { removeTree, tempFolder } from './temp.js';
import { until } from './until.js';

export interface RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly socket: string;
  readonly password: string;
  /** Runs commands, one a line. */
  command(lines: string): Promise<string>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Stop it yourself: it may outlive a test. @param folder with a dump.rdb to begin with */
export async function startRedis(folder = tempFolder({ keep: true })): Promise<RedisServer> {
  const port = await freePort();
  const password = 'geheim#1';
  const socket = path.join(folder, 's');
  const server = start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', socket, '--dir', folder, '--save', '', '--requirepass', password, '--enable-debug-command', 'local', '--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'], { cwd: folder, keep: true });
  const command = (lines: string): Promise<string> => runOk('redis-cli', ['-p', String(port), '--no-auth-warning'], { env: { REDISCLI_AUTH: password }, input: lines });
  await until('Redis answers', async () => (await command('ping')).includes('PONG'));
  return {
    port, folder, socket, password, command,
    kill: async () => {
      server.signal('SIGKILL');
      await server.ended;
    },
    stop: async () => {
      await server.stop();
      await removeTree(folder);
    },
  };
}
