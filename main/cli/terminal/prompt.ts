/** Asks for a password on the terminal, without showing it. */
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
