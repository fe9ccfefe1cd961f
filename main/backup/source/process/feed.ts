/** Runs a tool that reads a dump from its standard input. Its process is always reaped, and nothing of the dump is kept. */
import { HoldfastError } from '../../../shared/errors.js';
import type { Failure } from './command.js';
import type { Command, Host } from './host.js';

/** Gives a dump piece by piece: the next one once `output` has settled. Rejects where the dump is not complete. */
export type Content = (output: (piece: Uint8Array) => Promise<void>) => Promise<unknown>;

export interface FeedOptions {
  readonly signal: AbortSignal;
  readonly explain: (failure: Failure) => HoldfastError | null;
  /** For the general sentence: `pg_restore`. */
  readonly tool: string;
}

const mostSaid = 8 * 1024;
const mostKept = 256 * 1024;
/** How long a tool that was asked to end may take, ms. */
const grace = 3000;

/** @returns the end of what it wrote to standard output. @throws HoldfastError what the tool, or else the content, failed with. */
export async function feed(host: Host, command: Command, content: Content, { signal, explain, tool }: FeedOptions): Promise<string> {
  signal.throwIfAborted();
  const { child, cleanUp } = await host.start({ ...command, input: '' });
  const { stdin } = child;
  let said = '';
  let output = '';
  let over = false;
  let killer: NodeJS.Timeout | undefined;
  let startError: Error | null = null;
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said = (said + text).slice(-mostSaid); });
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-mostKept); });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('error', (error) => {
      startError = error;
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
    child.once('close', (code, by) => { resolve({ code, signal: by }); });
  });
  const exited = new Promise<void>((resolve) => { child.once('exit', () => { resolve(); }).once('error', () => { resolve(); }); }).then(() => { over = true; });
  const kill = (): void => {
    child.kill('SIGTERM');
    killer ??= setTimeout(() => { child.kill('SIGKILL'); }, grace);
  };
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  let failure: unknown = null;
  try {
    await content(async (piece) => {
      if (over || stdin === null || stdin.destroyed) throw new HoldfastError('source-failed', `${tool} ended before it had read all.`);
      if (stdin.write(piece)) return;
      await Promise.race([new Promise<void>((resolve) => { stdin.once('drain', resolve); }), exited]);
    });
    stdin?.end();
  } catch (error) {
    failure = error;
    // A tool that ended by itself says why; one that waits for the rest must not take what it has for all.
    if (!over && stdin?.destroyed !== true) kill();
  }
  try {
    const end = await ended;
    signal.throwIfAborted();
    if (startError !== null) throw new HoldfastError('source-failed', `${tool} could not be started: ${(startError as Error).message}.`);
    if (failure !== null && killer !== undefined) throw failure;
    const { code } = end;
    if (code === 0 && failure === null) return output;
    if (code === 0) throw failure;
    throw explain({ ...end, said: said.trim() }) ?? general(tool, { ...end, said: said.trim() });
  } finally {
    clearTimeout(killer);
    signal.removeEventListener('abort', kill);
    stdin?.destroy();
    await cleanUp();
  }
}

function general(tool: string, { code, signal, said }: Failure): HoldfastError {
  if (code === null) return new HoldfastError('source-failed', `${tool} was ended by the signal ${signal ?? '?'} before it was done. Try again.`, { retryable: true });
  const lines = said.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const line = lines.find((each) => /error/i.test(each)) ?? lines.at(-1) ?? '';
  return new HoldfastError('source-failed', `${tool} failed (${code})${line === '' ? '' : `: ${line.slice(0, 300).replace(/\.$/, '')}`}.`);
}

/** No dump: for a tool that is only asked something. */
export const noContent: Content = () => Promise.resolve();
/** A text as the whole content. */
export const textContent = (text: string): Content => (output) => output(Buffer.from(text));
