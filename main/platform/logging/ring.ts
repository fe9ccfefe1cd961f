/** The newest log lines in memory, for the Logs screen. */
import { logLevels, type LogEntry, type LogLevel } from '../../shared/model.js';

const kept = 5_000;

export interface LogReader {
  /** Entries with `seq` greater than `after` and of `level` or more serious, oldest first, the newest `limit` of them. */
  read(after: number, limit: number, level: LogLevel): LogEntry[];
  /** @returns a function that ends the subscription. */
  on(listener: (entry: LogEntry) => void): () => void;
}

export class LogRing implements LogReader {
  private entries: LogEntry[] = [];
  private seq = 0;
  private readonly listeners = new Set<(entry: LogEntry) => void>();

  add(entry: Omit<LogEntry, 'seq'>): LogEntry {
    const whole: LogEntry = { seq: (this.seq += 1), ...entry };
    this.entries.push(whole);
    if (this.entries.length > 2 * kept) this.entries = this.entries.slice(-kept);
    for (const listener of this.listeners) listener(whole);
    return whole;
  }

  read(after: number, limit: number, level: LogLevel): LogEntry[] {
    const least = logLevels.indexOf(level);
    return this.entries.filter((entry) => entry.seq > after && logLevels.indexOf(entry.level) >= least).slice(-limit);
  }

  on(listener: (entry: LogEntry) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
