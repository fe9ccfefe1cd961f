/**
 * Runs the content of a hook in a process group of its own. What is executed is a private copy of exactly the bytes whose hash was
 * approved: whoever changes the file meanwhile changes nothing of this run. Linux and macOS alike.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HookEnd, HookFolder, HookOrder, Hooks } from '../../agent/hooks/ports.js';
import { HoldfastError } from '../../shared/errors.js';
import { fileError, systemCode } from '../files/errors.js';
import { readHook } from './hook-file.js';
import { LineReader } from './lines.js';

/** Between the polite and the last signal, ms. */
const mercy = 5_000;
/** What a hook leaves running keeps its output open; it is not waited for longer than this, ms. */
const drain = 1_000;

/** A hook gets these of the agent's environment and no others, so that no password or token can be among them. */
const passedOn = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TERM|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|XDG_[A-Z_]+|SSH_AUTH_SOCK)$/;

export const hookEnvironment = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && passedOn.test(entry[0])));

export interface HostHooksOptions {
  /** Holds a folder for each run; emptied when opened. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Call it under the agent's lock: folders that a crash left are removed. */
export async function openHooks({ env, folder }: HostHooksOptions): Promise<Hooks> {
  await rm(folder, { recursive: true, force: true }).catch((cause: unknown) => { throw fileError(`empty ${folder}`, cause); });
  return {
    openFolder: () => openFolder(folder),
    read: async (file) => {
      const { content, sha256 } = await readHook(file);
      return { sha256, run: (order) => runCopy(file, content, order, hookEnvironment(env)) };
    },
  };
}

async function openFolder(parent: string): Promise<HookFolder> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const root = await mkdtemp(path.join(parent, 'run-'));
    const working = path.join(root, 'working');
    await mkdir(working, { mode: 0o700 });
    return { root, working, remove: () => removeAll(root) };
  } catch (cause) {
    throw fileError(`make a folder in ${parent}`, cause);
  }
}

/** A hook may leave folders without the right to write in them. */
async function removeAll(root: string): Promise<void> {
  await rm(root, { recursive: true, force: true, maxRetries: 2 }).catch((cause: unknown) => { throw fileError(`remove ${root}`, cause); });
}

async function runCopy(file: string, content: Buffer, order: HookOrder, env: Record<string, string>): Promise<HookEnd> {
  const copy = path.join(order.folder.root, `${order.name}-${path.basename(file)}`.slice(0, 200));
  try {
    const handle = await open(copy, 'wx', 0o700);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await chmod(copy, 0o500);
    return await watch(await start(file, copy, order, { ...env, ...order.variables }), order);
  } finally {
    await rm(copy, { force: true });
  }
}

/** Another thread that starts a process in the same moment may hold the copy open for writing until its exec: then it is busy. */
async function start(file: string, copy: string, { folder }: HookOrder, env: Record<string, string>): Promise<ChildProcess> {
  for (let tries = 1; ; tries += 1) {
    const child = spawn(copy, [], { cwd: folder.working, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const trouble = await new Promise<Error | null>((resolve) => {
      child.once('spawn', () => resolve(null));
      child.once('error', resolve);
    });
    if (trouble === null) return child;
    if (systemCode(trouble) !== 'ETXTBSY' || tries === 20) throw notStarted(file, trouble);
    await sleep(20);
  }
}

function notStarted(file: string, cause: Error): HoldfastError {
  const code = systemCode(cause);
  const failed = (message: string): HoldfastError => new HoldfastError('hook-failed', message, { cause });
  if (code === 'ENOENT') return failed(`The hook ${file} cannot be started: the interpreter in its first line is not there.`);
  if (code === 'EACCES') return failed(`The hook ${file} cannot be started: its interpreter, or the disk with Holdfast's data folder, does not allow it.`);
  return failed(`The hook ${file} cannot be started (${code ?? cause.message}).`);
}

/** Resolves when the hook itself has ended; ends its whole group when its time is over or nobody wants it any more. */
async function watch(child: ChildProcess, { line, signal, timeLimitMs }: HookOrder): Promise<HookEnd> {
  const readers = [child.stdout, child.stderr].flatMap((stream) => (stream === null ? [] : [new LineReader(stream, line)]));
  let why: 'time' | 'cancelled' | null = null;
  let last: NodeJS.Timeout | undefined;
  const end = (reason: 'time' | 'cancelled'): void => {
    if (why !== null) return;
    why = reason;
    signalGroup(child, 'SIGTERM');
    last = setTimeout(() => signalGroup(child, 'SIGKILL'), mercy);
  };
  const onAbort = (): void => end('cancelled');
  const timer = setTimeout(() => end('time'), timeLimitMs);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted === true) onAbort();
  const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => { child.once('exit', (...how) => resolve(how)); });
  clearTimeout(timer);
  clearTimeout(last);
  signal?.removeEventListener('abort', onAbort);
  // The leader is gone; what it started and was to be ended with it goes now.
  if (why !== null) signalGroup(child, 'SIGKILL');
  await Promise.race([Promise.all(readers.map((reader) => reader.ended)), sleep(drain)]);
  for (const reader of readers) reader.close();
  return { code, killedBy, why };
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // All of it is gone already.
  }
}
