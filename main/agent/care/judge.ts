/**
 * Is a run like those before it? Encryption by an intruder shows as files that no longer compress or begin as their kind begins,
 * and as far more changed or removed files than ever. Pure; the figures come from the engine and from the heads of files.
 */
import { z } from 'zod';
import { countText } from '../../shared/text.js';

const count = z.number().int().min(0);
/** Files with content, between two snapshots of a job. */
export const changesSchema = z.object({
  /** How many there were before. */
  before: count,
  changed: count,
  removed: count,
  /** Readable before and not now, as far as it can be seen. */
  unreadable: count,
});
export type Changes = z.infer<typeof changesSchema>;

/** A person deletes and rewrites this many by hand without a second thought. */
const fewest = 20;
/** Of all files: logs that are packed and photos that are edited stay below. */
const unreadableShare = 0.1;
/** Of all files: half of a job's files do not change between two runs, unless they always do. */
const changedShare = 0.5;
/** Changed or removed: more than this many times the most there ever was. */
const factor = 2;
/** What is usual can be said after this many runs; encryption is known without. */
const enoughHistory = 3;

/**
 * @param earlier what earlier runs of the job did, without those that gave an alarm
 * @returns a sentence, or null when there is nothing unusual
 */
export function unusual(now: Changes, earlier: readonly Changes[]): string | null {
  if (now.before < fewest) return null;
  const most = (part: 'changed' | 'removed' | 'unreadable'): number => Math.max(0, ...earlier.map((run) => share(run, part)));
  const isMuch = (part: 'changed' | 'removed' | 'unreadable', floor: number, times: number): boolean =>
    now[part] >= fewest && share(now, part) >= floor && share(now, part) > most(part) * times;
  const of = `of ${countText(now.before, 'file')}`;
  if (isMuch('unreadable', unreadableShare, 1)) return `${now.unreadable} ${of} cannot be read any more as what they were, as if somebody had encrypted them.`;
  if (earlier.length < enoughHistory) return null;
  const usual = (part: 'changed' | 'removed'): string => `; the most until now was ${Math.round(most(part) * 100)} in a hundred`;
  if (isMuch('changed', changedShare, factor)) return `${now.changed} ${of} have changed since the backup before${usual('changed')}.`;
  if (isMuch('removed', changedShare, factor)) return `${now.removed} ${of} are gone since the backup before${usual('removed')}.`;
  return null;
}

const share = (run: Changes, part: 'changed' | 'removed' | 'unreadable'): number => (run.before === 0 ? 0 : run[part] / run.before);
