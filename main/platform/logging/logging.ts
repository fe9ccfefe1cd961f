/** One place for log lines: a file with a size limit (JSON lines, by pino), a ring for the Logs screen, and the console where there is no screen. */
import path from 'node:path';
import { pino } from 'pino';
import type { Logger } from '../../agent/ports.js';
import type { LogEntry, LogLevel } from '../../shared/model.js';
import { redact } from './redact.js';
import { LogRing, type LogReader } from './ring.js';
import { RotatingFile, type RotatingFileOptions } from './rotating-file.js';

export interface Logging {
  /** A logger whose lines carry the name of the room that speaks (tunnel, runner, hub ...). */
  scoped(scope: string): Logger;
  readonly reader: LogReader;
  close(): void;
}

export interface LoggingOptions {
  /** Where the file goes; null for no file. */
  readonly folder: string | null;
  /** Name of the file without its end; one process writes one file. Default `holdfast`. */
  readonly name?: string;
  readonly rotation?: RotatingFileOptions;
  /** Called with each line, e.g. to print it. */
  readonly sink?: (entry: LogEntry) => void;
  readonly now?: () => number;
}

/** A message is cut to this many characters. */
const longestMessage = 8_000;

/** @throws HoldfastError when the file cannot be opened. */
export function openLogging({ folder, name = 'holdfast', rotation, sink, now = Date.now }: LoggingOptions): Logging {
  const ring = new LogRing();
  const file = folder === null ? null : new RotatingFile(path.join(folder, `${name}.log`), rotation);
  const writer = file === null ? null : pino({
    level: 'debug',
    base: null,
    formatters: { level: (label) => ({ level: label }) },
    timestamp: false, // the entry has its own, the same in file and ring
  }, { write: (line: string) => file.write(line) });
  const log = (scope: string, level: LogLevel, message: string, runId?: string): void => {
    const safe = redact(message).slice(0, longestMessage);
    const entry = ring.add({ at: new Date(now()).toISOString(), level, scope, message: safe, runId: runId ?? null });
    writer?.[level]({ at: entry.at, scope, ...(runId === undefined ? {} : { runId }) }, safe);
    sink?.(entry);
  };
  return {
    scoped: (scope) => ({ log: (level, message, runId) => log(scope, level, message, runId) }),
    reader: ring,
    close: () => file?.close(),
  };
}

/** A line as people read it in a terminal: `12:03:07 warn: the message`, in local time. */
export function consoleLine(entry: LogEntry): string {
  const at = new Date(entry.at).toTimeString().slice(0, 8);
  const level = entry.level === 'info' ? '' : `${entry.level}: `;
  return `${at} ${level}${entry.message}`;
}
