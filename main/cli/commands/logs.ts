import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { HoldfastError, asHoldfastError } from '../../shared/errors.js';
import { logLevels, type LogEntry } from '../../shared/model.js';
import { withAgent } from '../agent/control.js';
import type { Cli, Register } from '../cli.js';
import { cliPaths } from '../places.js';
import { untilAborted } from '../terminal/until-aborted.js';

const options = z.object({ follow: z.boolean().default(false), level: z.enum(logLevels).default('info'), lines: z.coerce.number().int().min(1).max(5000).default(200) });
type Options = z.infer<typeof options>;

export const register: Register = (program, cli) => {
  program.command('logs').description('print the log of the agent')
    .option('-f, --follow', 'and go on as lines come')
    .option('--level <level>', `from this level on: ${logLevels.join(', ')} (default: info)`)
    .option('-n, --lines <n>', 'the newest N lines (default: 200)')
    .action(cli.action(options, async ({ options: given }) => {
      try {
        await fromAgent(cli, given);
      } catch (thrown) {
        const error = asHoldfastError(thrown);
        if (error.code === 'cancelled') return;
        if (error.code !== 'not-found' || given.follow) throw error;
        await fromFile(cli, given);
      }
    }));
};

const print = (cli: Cli, entry: LogEntry): void => cli.write(`${cli.json ? JSON.stringify(entry) : logLine(entry)}\n`);
const logLine = ({ at, level, message, scope }: LogEntry): string => `${at} ${level.padEnd(5)} ${scope}: ${message}`;

async function fromAgent(cli: Cli, { follow, level, lines }: Options): Promise<void> {
  const { signal } = cli;
  await withAgent(cli, async (control) => {
    const { entries } = await control.call('logs', { limit: lines, level });
    for (const entry of entries) print(cli, entry);
    if (!follow) return;
    let last = entries.at(-1)?.seq ?? 0;
    const least = logLevels.indexOf(level);
    const show = (entry: LogEntry): void => {
      if (entry.seq <= last) return;
      last = entry.seq;
      if (logLevels.indexOf(entry.level) >= least) print(cli, entry);
    };
    const lost = new Promise<never>((_resolve, reject) => {
      control.onLost(() => reject(new HoldfastError('hub-unreachable', 'The agent has ended.', { retryable: true })));
    });
    control.on('log', show);
    // Lines that came between the first answer and the subscription.
    for (const entry of (await control.call('logs', { after: last, limit: 5000, level })).entries) show(entry);
    await Promise.race([untilAborted(signal), lost]);
  });
}

const fileLine = z.object({ level: z.enum(logLevels), at: z.string(), scope: z.string(), msg: z.string(), runId: z.string().nullable().default(null) });

/** Of an agent that does not run: what it wrote last. */
async function fromFile(cli: Cli, { level, lines }: Options): Promise<void> {
  const file = path.join(cliPaths(cli).logFolder, 'holdfast.log');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new HoldfastError('not-found', `There is no log at ${file} yet.`, { cause });
  });
  const least = logLevels.indexOf(level);
  const entries = text.split('\n').flatMap((line, index): LogEntry[] => {
    try {
      const { at, level: of, msg, runId, scope } = fileLine.parse(JSON.parse(line));
      return logLevels.indexOf(of) < least ? [] : [{ seq: index + 1, at, level: of, scope, message: msg, runId }];
    } catch {
      return [];
    }
  });
  for (const entry of entries.slice(-lines)) print(cli, entry);
}
