/**
 * The journal's lines, one JSON object each:
 *   {"journal":"k3v9…","from":40}                       the journal's name; its events after 40 follow
 *   {"kind":"run.event","seq":41,…}                     an event as it goes to the hub
 *   {"acked":41}                                        the hub has everything up to 41
 */
import { z } from 'zod';
import { idSchema } from '../../shared/model.js';
import { runEventSchema, type RunEvent } from '../../shared/protocol/messages.js';

const count = z.number().int().min(0);
const lineSchema = z.union([
  runEventSchema,
  z.object({ acked: count }),
  z.object({ journal: idSchema, from: count }),
]);

export const headerLine = (id: string, from: number): string => JSON.stringify({ journal: id, from });
export const ackedLine = (seq: number): string => JSON.stringify({ acked: seq });
export const eventLine = (event: RunEvent): string => JSON.stringify(event);

export interface JournalContents {
  /** Null when the lines do not begin a journal. */
  readonly id: string | null;
  /** Everything up to here is with the hub. */
  readonly acked: number;
  /** What is not, in order. */
  readonly events: RunEvent[];
  /** False when a line could not be read or a number is missing: then the numbers must not be used again. */
  readonly intact: boolean;
}

/** Reads what an agent left behind. Never throws: what can be read is kept. */
export function readLines(lines: readonly string[]): JournalContents {
  let id: string | null = null;
  let acked = 0;
  let intact = true;
  let events: RunEvent[] = [];
  for (const text of lines) {
    const line = parse(text);
    if (line === null) {
      intact = false;
    } else if ('journal' in line) {
      id = line.journal;
      acked = line.from;
      events = [];
    } else if ('acked' in line) {
      acked = Math.max(acked, line.acked);
    } else if (line.seq > (events.at(-1)?.seq ?? acked)) {
      // A line that a rewrite has overtaken comes twice; only the first counts.
      events.push(line);
    }
  }
  events = events.filter((event) => event.seq > acked);
  const gapless = events.every((event, index) => event.seq === acked + 1 + index);
  return { id, acked, events, intact: intact && id !== null && gapless };
}

function parse(text: string): z.infer<typeof lineSchema> | null {
  try {
    const parsed = lineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
