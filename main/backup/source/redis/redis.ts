/**
 * Redis by replication: redis-cli asks the server as a replica does, and the server sends a snapshot (RDB) of one moment.
 * Needs no right to write on the server, and works for remote ones.
 */
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { defaultPorts, passwordTarget, serverText, type RedisSource } from '../../../shared/sources.js';
import { Tools, type Failure } from '../process/command.js';
import type { Host } from '../process/host.js';
import { findTool } from '../process/tools.js';
import { databasesFolder, dumpMode, pathPart, type OpenedSource, type SourcePorts } from '../source.js';

const packages = { debian: 'redis-tools', fedora: 'redis', homebrew: 'redis' };

function explainRedis(where: string, user: string | undefined): (failure: Pick<Failure, 'said'>) => HoldfastError | null {
  const who = user === undefined ? 'this user' : `the user "${user}"`;
  return ({ said }) => {
    if (/WRONGPASS|NOAUTH|AUTH failed|invalid password/i.test(said)) return new HoldfastError('permission-denied', `${where} does not let ${who} in with the password this computer has. Enter the right password for it.`);
    if (/NOPERM/.test(said)) return new HoldfastError('permission-denied', `${where}: ${who} may not copy it. Allow the commands ping, psync, sync and replconf to that user.`);
    if (/LOADING|BUSY|MASTERDOWN/.test(said)) return new HoldfastError('source-failed', `${where} is busy loading. Try again in a moment.`, { retryable: true });
    if (/DENIED Redis is running in protected mode/.test(said)) return new HoldfastError('permission-denied', `${where} is in protected mode and does not accept connections from here. Give it a password, or run the job on its own computer.`);
    if (/Could not connect|Connection refused|No such file|timed out/i.test(said)) return new HoldfastError('source-missing', `${where} does not answer. Check that it runs and that the job names its host and port.`, { retryable: true });
    if (/SSL|certificate/i.test(said)) return new HoldfastError('source-failed', `${where}: the encrypted connection could not be made. Check its certificate, or the TLS setting of the job.`);
    if (/I\/O error|reset by peer|closed the connection|end of file/i.test(said)) return new HoldfastError('source-failed', `${where}: the server broke off the connection while it was copied. Run the backup again.`, { retryable: true });
    return null;
  };
}

/** @throws HoldfastError where the server cannot be copied: not there, no right, tool missing. */
export async function openRedis(source: RedisSource, host: Host, ports: SourcePorts): Promise<OpenedSource> {
  const where = `Redis at ${serverText(source)}`;
  const password = await ports.password(passwordTarget(source));
  const explain = explainRedis(where, source.user);
  const program = await findTool(host, { programs: ['redis-cli', 'valkey-cli'], packages });
  const tools = new Tools(host, password === null ? {} : { REDISCLI_AUTH: password }, ports.patience);
  const inContainer = source.container !== undefined && source.host === 'localhost';
  const place = source.host.startsWith('/') ? ['-s', source.host] : inContainer ? [] : ['-h', source.host, '-p', String(source.port ?? defaultPorts.redis)];
  const args = [...place, '--no-auth-warning', ...(source.user === undefined ? [] : ['--user', source.user]), ...(source.tls === 'prefer' ? [] : ['--tls', ...(source.tls === 'require' ? ['--insecure'] : [])])];
  const tool = path.basename(program);
  const pong = await tools.text({ program, args: [...args, 'ping'] }, { tool, explain });
  if (pong.trim() !== 'PONG') throw explain({ said: pong }) ?? new HoldfastError('source-failed', `${where} answers with something else than Redis does. Check the host and port of the job.`);
  return {
    folders: [], excludes: [],
    streams: [{
      name: where, path: `${databasesFolder}/redis/${pathPart(serverText(source))}/dump.rdb`, mode: dumpMode, time: new Date(),
      open: (signal) => complete(where, tools.stream({ program, args: [...args, '--rdb', '-'] }, { tool, signal, explain })),
    }],
    close: () => tools.close(),
  };
}

const endOfFile = 0xff;
const checksumLength = 8;
/** Length of the mark after a copy whose length the server did not know beforehand; redis-cli leaves it in its output. */
const markLength = 40;
const kept = 1 + checksumLength + markLength;

/**
 * Takes the mark away and checks that the copy is whole: it begins with `REDIS` and ends with 0xFF and a checksum (Redis, rdb.h).
 * The mark is 40 hexadecimal digits, so it cannot be mistaken for the last bytes of a copy, one of which is 0xFF.
 */
export async function* complete(where: string, rdb: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0);
  let waiting = Buffer.alloc(0);
  for await (const piece of rdb) {
    if (head.length < 5) head = Buffer.concat([head, piece.subarray(0, 5)]);
    const all = Buffer.concat([waiting, piece]);
    const ready = Math.max(0, all.length - kept);
    if (ready > 0) yield all.subarray(0, ready);
    waiting = Buffer.from(all.subarray(ready));
  }
  const hasMark = /^[0-9a-f]{40}$/.test(waiting.subarray(-markLength).toString('latin1'));
  const end = hasMark ? waiting.subarray(0, -markLength) : waiting;
  if (head.subarray(0, 5).toString('latin1') !== 'REDIS' || end.at(-1 - checksumLength) !== endOfFile) {
    throw new HoldfastError('source-failed', `${where}: the copy ended before it was complete. Run the backup again.`, { retryable: true });
  }
  yield end;
}
