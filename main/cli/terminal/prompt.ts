/** Questions on the terminal; a password is not shown while it is typed. */
import { createInterface } from 'node:readline/promises';
import { HoldfastError } from '../../shared/errors.js';
import type { Cli } from '../cli.js';

const enter = new Set(['\r', '\n', '\u0004']); // Enter, Ctrl-D
const erase = new Set(['\b', '\u007f']);
const interrupt = '\u0003';

export const canAsk = ({ process }: Cli): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** @throws HoldfastError `cancelled` on Ctrl-C. */
export async function askPassword({ process: { stdin, stderr } }: Cli, question: string): Promise<string> {
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  let text: string[] = [];
  try {
    return await new Promise<string>((resolve, reject) => {
      stdin.on('data', (keys: string) => {
        for (const key of keys) {
          if (enter.has(key)) resolve(text.join(''));
          else if (key === interrupt) reject(new HoldfastError('cancelled', 'Cancelled.'));
          else if (erase.has(key)) text = text.slice(0, -1);
          else if (key >= ' ') text.push(key);
        }
      });
    });
  } finally {
    stdin.removeAllListeners('data');
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

/** A line as it is typed, without the end. @throws HoldfastError `cancelled` on Ctrl-C. */
export async function askLine({ process: { stdin, stderr } }: Cli, question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  const interrupted = new AbortController();
  lines.once('SIGINT', () => interrupted.abort());
  try {
    return await lines.question(question, { signal: interrupted.signal });
  } catch (cause) {
    throw new HoldfastError('cancelled', 'Cancelled.', { cause });
  } finally {
    lines.close();
  }
}
