/** Runs a tool: its output as a stream or a text, its failure as one sentence, its process always reaped. */
import { HoldfastError } from '../../../shared/errors.js';
import { countText } from '../../../shared/text.js';
import type { Command, Host, StartedProcess } from './host.js';

/** How a tool ended that did not do its work. */
export interface Failure {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to standard error. */
  readonly said: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** What went wrong, in a sentence; null: the general one is right. */
  readonly explain: (failure: Failure) => HoldfastError | null;
  /** For the general sentence: `pg_dump`. */
  readonly tool: string;
  /** Milliseconds. */
  readonly limit?: number;
}

const mostSaid = 8 * 1024;
const mostCaptured = 64 * 1024 * 1024;
/** Questions to a server are answered within this time, ms. */
const probeLimit = 60_000;
/** How long a tool may say nothing, ms. A server that is frozen would hold up the run, and all runs after it, for good. */
const usualPatience = 600_000;
/** How long a tool that was asked to end may take, ms. */
const grace = 3000;

interface Ended { readonly code: number | null; readonly signal: NodeJS.Signals | null }

class Tool {
  readonly ended: Promise<Ended>;
  private said = '';
  private startError: Error | null = null;
  private trouble: HoldfastError | null = null;
  private silence: NodeJS.Timeout | undefined;
  private killer: NodeJS.Timeout | undefined;
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly stop = (): void => { this.kill(); };

  constructor(private readonly started: StartedProcess, private readonly options: RunOptions & { readonly signal: AbortSignal }) {
    const { child } = started;
    child.stderr.setEncoding('utf8').on('data', (text: string) => { this.said = (this.said + text).slice(-mostSaid); });
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.startError = error;
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
      child.once('close', (code, signal) => { resolve({ code, signal }); });
    });
    options.signal.addEventListener('abort', this.stop, { once: true });
    if (options.signal.aborted) this.kill();
    if (options.limit !== undefined) {
      this.timer = setTimeout(() => {
        this.trouble = new HoldfastError('source-failed', `${options.tool} was stopped because it took too long. Try again when the server has less to do.`, { retryable: true });
        this.kill();
      }, options.limit);
    }
  }

  get output(): AsyncIterable<Buffer> {
    return this.started.child.stdout;
  }

  /** From now on until `heard`, it may say nothing for `patience` ms. */
  listen(patience: number): void {
    this.silence = setTimeout(() => {
      const time = patience < 60_000 ? countText(Math.ceil(patience / 1000), 'second') : `${Math.round(patience / 60_000)} minutes`;
      this.trouble = new HoldfastError('source-failed', `${this.options.tool} was stopped because nothing came from it for ${time}. See whether the server hangs or waits for a lock, then run the backup again.`, { retryable: true });
      this.kill();
    }, patience);
  }

  heard(): void {
    clearTimeout(this.silence);
  }

  /** Waits for the end of a tool whose output was read to its end. */
  async finish(): Promise<void> {
    const { code, signal } = await this.ended;
    const { explain, tool } = this.options;
    this.options.signal.throwIfAborted();
    if (this.startError !== null) throw new HoldfastError('source-failed', `${tool} could not be started: ${this.startError.message}.`);
    if (this.trouble) throw this.trouble;
    if (code === 0) return;
    const said = this.said.trim();
    throw explain({ code, signal, said }) ?? generalFailure(tool, { code, signal, said });
  }

  /** Ends it if it still runs, and waits until it is gone. */
  async reap(): Promise<void> {
    this.kill();
    this.started.child.stdout.destroy();
    this.started.child.stderr.destroy();
    await this.ended;
    clearTimeout(this.killer);
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.options.signal.removeEventListener('abort', this.stop);
    this.started.child.stdin?.destroy();
    await this.started.cleanUp();
  }

  private kill(): void {
    const { child } = this.started;
    if (child.exitCode !== null || child.signalCode !== null || this.killer) return;
    child.stdin?.end(); // in a container, this is what ends the tool
    child.kill('SIGTERM');
    this.killer = setTimeout(() => { child.kill('SIGKILL'); }, grace);
  }
}

function generalFailure(tool: string, { code, signal, said }: Failure): HoldfastError {
  if (code === null) return new HoldfastError('source-failed', `${tool} was ended by the signal ${signal ?? '?'} before it was done. Run the backup again.`, { retryable: true });
  const line = said.split('\n').at(-1)?.trim().slice(0, 300) ?? '';
  return new HoldfastError('source-failed', `${tool} failed (${code})${line === '' ? '' : `: ${line.replace(/\.$/, '')}`}.`);
}

/** Runs the tools of one source, and ends them all when the source is closed. */
export class Tools {
  private readonly running = new Set<Tool>();
  private readonly ending = new AbortController();

  /** @param env given to every tool; may hold secrets @param patience how long one may say nothing, ms */
  constructor(readonly host: Host, private readonly env: Readonly<Record<string, string>> = {}, private readonly patience = usualPatience) {}

  /** The output of a tool as it comes. Ends without an error only where the tool says it did its work. */
  async *stream(command: Command, options: RunOptions): AsyncGenerator<Uint8Array> {
    const signal = options.signal ? AbortSignal.any([options.signal, this.ending.signal]) : this.ending.signal;
    signal.throwIfAborted();
    const tool = new Tool(await this.host.start({ ...command, env: { ...this.env, ...command.env } }), { ...options, signal });
    this.running.add(tool);
    try {
      const output = tool.output[Symbol.asyncIterator]();
      for (;;) {
        tool.listen(this.patience); // only here: while the repository takes a piece, the tool has to wait
        const { done, value: piece } = await output.next();
        if (done) break;
        tool.heard();
        signal.throwIfAborted();
        yield piece;
      }
      await tool.finish();
    } finally {
      await tool.reap();
      this.running.delete(tool);
    }
  }

  /** The output of a tool that says little and is quick. */
  async text(command: Command, options: Omit<RunOptions, 'limit'>): Promise<string> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.stream(command, { ...options, limit: probeLimit })) {
      pieces.push(piece);
      size += piece.length;
      if (size > mostCaptured) throw new HoldfastError('source-failed', `${options.tool} said more than fits into memory.`);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  /** Resolves when no process of them is left. */
  async close(): Promise<void> {
    this.ending.abort();
    await Promise.allSettled([...this.running].map((tool) => tool.reap()));
  }
}
