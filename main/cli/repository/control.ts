/** What every operation of the engine is handed: interruption, progress and warnings. */
import type { Control } from '../../backup/types.js';
import type { Cli } from '../cli.js';
import { showProgress } from '../terminal/progress.js';

/** @param during as restic names it in its JSON errors: `archival`, `restore` ... */
export function engineControl(cli: Cli, during: string): Control {
  return {
    signal: cli.signal,
    ...(cli.verbose ? { onTrace: (line: string) => cli.warn(cli.json ? JSON.stringify({ message_type: 'trace', message: line }) : line) } : {}),
    ...(cli.json || (cli.status.isLive && !cli.quiet) ? { onProgress: showProgress(cli) } : {}), // it costs a walk of its own to know how much there is
    onWarning: (text) => cli.warn(cli.json ? JSON.stringify({ message_type: 'warning', message: text }) : text),
    onItemError: ({ path, message }) => cli.warn(cli.json
      ? JSON.stringify({ message_type: 'error', error: { message }, during, item: path })
      : `${path}: ${message}`),
  };
}
