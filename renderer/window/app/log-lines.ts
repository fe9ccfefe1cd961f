/** The log lines that the page holds. */
import type { LogEntry } from '../../../main/shared/model.js';

/** The page keeps this many; the log file has them all. */
export const linesKept = 2000;

/** Both in order of `seq`; what was read may overlap with what was told meanwhile. */
export function mergeLogs(old: readonly LogEntry[], more: readonly LogEntry[]): LogEntry[] {
  const bySeq = new Map([...old, ...more].map((entry) => [entry.seq, entry]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-linesKept);
}
