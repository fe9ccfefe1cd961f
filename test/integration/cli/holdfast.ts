/** The built command in a process of its own, with nothing of this user's around it. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, start, type Finished, type Running } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

export const holdfastJs = fileURLToPath(new URL('../../../out/main/cli/holdfast.js', import.meta.url));

export interface Home {
  readonly folder: string;
  readonly data: string;
  readonly env: Record<string, string | undefined>;
  holdfast(...args: string[]): Promise<Finished>;
  /** Runs with --json and gives what it printed, parsed. Fails when the command does. */
  json<T = Record<string, unknown>>(...args: string[]): Promise<T>;
  start(...args: string[]): Running;
}

/** @param extra environment besides; secrets go to the file, so that tests do not fill the session's keyring. @param folder where all of it lies */
export function home(extra: Record<string, string | undefined> = {}, folder = tempFolder()): Home {
  const data = path.join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const env = { HOLDFAST_DATA: data, HOLDFAST_SECRETS: 'file', HOLDFAST_PASSWORD: undefined, RESTIC_PASSWORD: undefined, HOME: folder, ...extra };
  const holdfast = (...args: string[]): Promise<Finished> => run(process.execPath, [holdfastJs, ...args], { env, cwd: folder });
  return {
    folder, data, env, holdfast,
    json: async <T>(...args: string[]): Promise<T> => {
      const { code, stderr, stdout } = await holdfast(...args, '--json');
      if (code !== 0) throw new Error(`holdfast ${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    start: (...args) => start(process.execPath, [holdfastJs, ...args], { env, cwd: folder }),
  };
}

export const lastLine = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1) ?? '');
