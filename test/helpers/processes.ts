/** Child processes of tests: run one to its end, or start one, wait for a line of it, and stop it by its id. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

export interface Finished {
  /** Null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Buffer;
  /** Milliseconds after which the process is killed and the call fails. */
  readonly limit?: number;
}

/** Runs a command to its end. A non-zero exit is a result, not an error; a command that cannot be started or takes too long is an error. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(command, [...args], { cwd: options.cwd, env: environment(options.env), stdio: 'pipe' });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
  child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
  child.stdin.on('error', () => undefined); // a program need not read its input
  child.stdin.end(options.input);
  const text = (pieces: Buffer[]) => Buffer.concat(pieces).toString('utf8');
  const limit = options.limit ?? 60_000;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} ${args.join(' ')} did not end within ${limit} ms\n${text(stdout)}${text(stderr)}`));
    }, limit);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}

/** Like run, but an exit code other than 0 is an error that quotes what the command said. Returns stdout. */
export async function runOk(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${result.code ?? result.signal}\n${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

/** A process that stays up while a test uses it. */
export class Running {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<Finished>;
  readonly #waiting = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #finished: Finished | undefined;

  constructor(readonly command: string, child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        if (stream === child.stdout) this.#stdout += `${line}\n`;
        else this.#stderr += `${line}\n`;
        this.#wake();
      });
    }
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#finished = { code, signal, stdout: this.#stdout, stderr: this.#stderr };
        resolve(this.#finished);
        this.#wake();
      };
      child.once('close', end);
      child.once('error', (error) => {
        this.#stderr += `${error.message}\n`;
        end(null, null);
      });
    });
  }

  /** The id to signal; undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#finished === undefined;
  }

  /** Resolves with the process's end, whenever that is. */
  get ended(): Promise<Finished> {
    return this.#ended;
  }

  /** Resolves with the first line, of those said so far or later, that matches. Fails when the process ends or `limit` milliseconds pass first. */
  async line(pattern: RegExp, limit = 30_000): Promise<RegExpMatchArray> {
    const deadline = Date.now() + limit;
    for (let seen = 0; ; ) {
      for (; seen < this.lines.length; seen += 1) {
        const match = this.lines[seen]?.match(pattern);
        if (match) return match;
      }
      const left = deadline - Date.now();
      if (this.#finished || left <= 0) {
        const why = this.#finished ? `ended with ${this.#finished.code ?? this.#finished.signal}` : `said nothing like it in ${limit} ms`;
        throw new Error(`waiting for ${pattern}: ${this.command} ${why}\n${this.lines.slice(-40).join('\n')}`);
      }
      await this.#news(left);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks the process to end, kills it when it has not after `grace` milliseconds, and resolves with its end. */
  async stop(grace = 10_000): Promise<Finished> {
    if (this.#finished) return this.#finished;
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), grace);
    const finished = await this.#ended;
    clearTimeout(timer);
    return finished;
  }

  #news(limit: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, limit);
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** Starts a command and stops it at the latest when the current test ends (`keep`: stop it yourself). */
export function start(command: string, args: readonly string[], options: Omit<RunOptions, 'input' | 'limit'> & { keep?: boolean } = {}): Running {
  const child = spawn(command, [...args], { cwd: options.cwd, env: environment(options.env), stdio: ['ignore', 'pipe', 'pipe'] });
  const running = new Running([command, ...args].join(' '), child);
  if (!options.keep) onTestFinished(async () => void (await running.stop()));
  return running;
}

function environment(changes: RunOptions['env'] = {}): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = { ...process.env, ...changes };
  for (const [name, value] of Object.entries(merged)) if (value === undefined) delete merged[name];
  return merged;
}
