/** What every command shares: how it prints, how it is interrupted, how it fails. One per process. */
import type { Command } from 'commander';
import { z } from 'zod';
import { HoldfastError } from '../shared/errors.js';
import { StatusLine } from './terminal/status-line.js';

/** KiB per second, as restic counts; 0 is no limit. */
const rate = z.string().regex(/^\d+$/, 'it is a whole number of KiB per second').transform(Number);

/** Options that stand before or after any command. */
const globalOptions = z.object({
  repo: z.string().min(1, 'the repository is empty').optional(),
  passwordFile: z.string().min(1).optional(),
  data: z.string().min(1).optional(),
  json: z.boolean().default(false),
  quiet: z.boolean().default(false),
  cache: z.boolean().default(true),
  verbose: z.boolean().default(false),
  settings: z.string().min(1).optional(),
  limitUpload: rate.optional(),
  limitDownload: rate.optional(),
});
export type GlobalOptions = z.infer<typeof globalOptions>;

export interface Invocation<O> {
  readonly args: readonly string[];
  readonly options: O & GlobalOptions;
}

/** Adds one command to the program. */
export type Register = (program: Command, cli: Cli) => void;

/** What a shell reports after Ctrl-C: 128 + SIGINT. */
const interrupted = 130;
/**
 * One Ctrl-C may arrive several times: npm passes on what the terminal has sent already, and the package "when-exit" (below
 * conf) raises every first signal again. So a second one counts only after this long, ms.
 */
const samePress = 500;

export class Cli {
  json = false;
  quiet = false;
  verbose = false;
  exitCode = 0;
  /** Who read what this prints has closed the pipe. */
  isUnheard = false;
  readonly env: NodeJS.ProcessEnv;
  readonly status: StatusLine;
  private readonly abort = new AbortController();
  private listening = false;

  constructor(readonly process: NodeJS.Process) {
    this.env = process.env;
    this.status = new StatusLine(process.stdout);
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.exit(1);
      // `holdfast ls | head` closes the pipe. That is no error, but nobody wants the rest: the work ends as by Ctrl-C, and leaves no lock.
      this.isUnheard = true;
      this.abort.abort(new HoldfastError('cancelled', 'Cancelled.'));
    });
  }

  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP); the second ends the process at once. */
  get signal(): AbortSignal {
    if (!this.listening) {
      this.listening = true;
      let first = 0;
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        this.process.on(name, () => {
          if (this.abort.signal.aborted) {
            if (Date.now() - first > samePress) this.die(name);
            return;
          }
          first = Date.now();
          this.abort.abort(new HoldfastError('cancelled', 'Cancelled.'));
        });
      }
    }
    return this.abort.signal;
  }

  /** As programs die that do not listen to a signal. `exit` would wait for threads to end, and they are in the middle of something. */
  private die(signal: NodeJS.Signals): void {
    this.process.removeAllListeners(signal);
    this.process.kill(this.process.pid, signal);
  }

  /** Makes the function that commander calls: options are checked, the exit code is kept. */
  action<S extends z.ZodType>(schema: S, work: (invocation: Invocation<z.infer<S>>) => Promise<void | number>): (...received: unknown[]) => Promise<void> {
    return async (...received) => {
      const command = received.at(-1) as Command; // commander's own last argument
      const given: unknown = command.optsWithGlobals();
      const options = { ...parse(globalOptions, given), ...(parse(schema, given) as object) } as z.infer<S> & GlobalOptions;
      this.json = options.json;
      this.quiet = options.quiet;
      this.verbose = options.verbose;
      if (options.data !== undefined) this.env['HOLDFAST_DATA'] = options.data;
      this.exitCode = (await work({ args: command.args, options })) ?? 0;
    };
  }

  /** Text to standard output as it is. */
  write(text: string): void {
    this.status.clear();
    if (!this.isUnheard) this.process.stdout.write(text);
  }

  /** Raw bytes to standard output; resolves when more may come. */
  writeBytes(bytes: Uint8Array): Promise<void> {
    const { stdout } = this.process;
    return new Promise((resolve) => {
      if (this.isUnheard || stdout.write(bytes)) resolve();
      else {
        const goOn = (): void => {
          stdout.off('drain', goOn).off('close', goOn);
          resolve();
        };
        stdout.once('drain', goOn).once('close', goOn);
      }
    });
  }

  /** A line for people; nothing with --json. */
  say(line: string): void {
    if (!this.json) this.write(`${line}\n`);
  }

  /** A line that --quiet leaves out. */
  chat(line: string): void {
    if (!this.quiet) this.say(line);
  }

  /** What was asked for: JSON on one line with --json, else the text. */
  result(value: unknown, text: () => string): void {
    if (this.json) this.write(`${JSON.stringify(value)}\n`);
    else {
      const lines = text();
      if (lines !== '') this.write(`${lines}\n`);
    }
  }

  /** Something that went wrong on the way, on standard error. */
  warn(message: string): void {
    this.status.clear();
    this.process.stderr.write(`${message}\n`);
  }

  /** @returns `code`, after saying on standard error what is wrong. */
  fail(error: HoldfastError, code: number): number {
    this.status.clear();
    if (this.json) this.process.stderr.write(`${JSON.stringify({ message_type: 'exit_error', code, message: error.message })}\n`);
    else this.process.stderr.write(`${code === interrupted ? '' : 'holdfast: '}${error.message}\n`);
    if (this.env['HOLDFAST_DEBUG'] && error.cause instanceof Error) this.process.stderr.write(`${error.cause.stack ?? ''}\n`);
    return code;
  }

  /** Ends the process once everything printed is out: a leftover thread or socket must not keep it. */
  exit(code: number): void {
    this.status.clear();
    const end = (): never => this.process.exit(code);
    this.process.stderr.write('', () => (this.isUnheard ? end() : this.process.stdout.write('', end)));
  }
}

function parse<S extends z.ZodType>(schema: S, given: unknown): z.infer<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const option = issue?.path[0];
  const name = typeof option === 'string' ? `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` : 'an option';
  throw new HoldfastError('usage', `The value of ${name} does not fit: ${issue?.message ?? 'unknown'}. See --help.`);
}

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];

