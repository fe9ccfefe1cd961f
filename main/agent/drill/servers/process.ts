/** A scratch server: a process of its own user, in a private folder, without TCP. */
import { execFile, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { HoldfastError } from '../../../shared/errors.js';

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Who runs scratch servers: undefined for this user itself; as root, a user without rights, for database servers refuse root. */
export async function serverUser(names: readonly string[]): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of [...names, 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await promisify(execFile)('id', [flag, name])).stdout)));
      if (uid !== undefined && gid !== undefined && Number.isInteger(uid) && Number.isInteger(gid) && uid !== 0) return { uid, gid };
    } catch {
      // the next one
    }
  }
  throw new HoldfastError('source-failed', 'There is no user "nobody" on this computer to run a scratch server as. Make one, or run Holdfast as a user.');
}

export interface ServerOrder {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly user: ServerUser | undefined;
  readonly signal: AbortSignal;
}

const environment = (folder: string): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', HOME: folder, TMPDIR: folder });
const full = /No space left on device|disk full|Errcode: 28|OS errno 28|error number 28/i;

/** What a server said when it did not work, as an error. */
export function serverFailure(name: string, said: string): HoldfastError {
  if (full.test(said)) return new HoldfastError('destination-full', `The disk with the drill's scratch folder is full. Make room, or set TMPDIR to a folder on a larger disk.`);
  const line = said.split('\n').map((each) => each.trim()).filter((each) => each !== '').filter((each) => /error|fatal|cannot|could not|failed/i.test(each)).at(-1) ?? '';
  return new HoldfastError('source-failed', `The scratch server could not be made: ${name} failed${line === '' ? '' : `: ${line.slice(0, 300).replace(/\.$/, '')}`}.`);
}

/** Runs a program that prepares a server to its end. */
export async function runOnce({ program, args, folder, user, signal }: ServerOrder, name: string): Promise<void> {
  try {
    await promisify(execFile)(program, [...args], { cwd: folder, env: environment(folder), signal, maxBuffer: 16 * 1024 * 1024, ...user });
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error && 'stderr' in error ? `${String('stdout' in error ? error.stdout : '')}\n${String(error.stderr)}` : String(error);
    throw serverFailure(name, said);
  }
}

export interface ScratchServer {
  /** Resolves once it is gone. */
  end(): Promise<void>;
  /** The end of what it wrote. */
  said(): string;
}

/** How long a server may take to answer, ms. */
const startLimit = 60_000;
const grace = 10_000;

/** Starts a server and waits until `answers` says so. */
export async function startServer(order: ServerOrder, name: string, stopSignal: NodeJS.Signals, answers: () => Promise<boolean>): Promise<ScratchServer> {
  const { program, args, folder, user, signal } = order;
  signal.throwIfAborted();
  const child = spawn(program, [...args], { cwd: folder, env: environment(folder), stdio: ['ignore', 'pipe', 'pipe'], ...user });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { said = (said + text).slice(-16 * 1024); });
  let over = false;
  const ended = new Promise<void>((resolve) => { child.once('error', () => { resolve(); }).once('close', () => { resolve(); }); }).then(() => { over = true; });
  const end = async (): Promise<void> => {
    if (over) return;
    child.kill(stopSignal);
    const killer = setTimeout(() => { child.kill('SIGKILL'); }, grace);
    await ended;
    clearTimeout(killer);
  };
  try {
    for (const deadline = Date.now() + startLimit; !(await answers());) {
      signal.throwIfAborted();
      if (over) throw serverFailure(name, said);
      if (Date.now() > deadline) throw new HoldfastError('source-failed', `The scratch server (${name}) did not answer within a minute. Try again when this computer has less to do.`, { retryable: true });
      await sleep(100);
    }
    return { end, said: () => said };
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    throw error;
  }
}
