/**
 * Copies of a job's snapshots in other repositories: three copies, on two kinds of storage, one of them elsewhere. After a backup each is
 * brought up to date from the job's own repository; what came of it is part of the run's result and of the status.
 */
import { z } from 'zod';
import { idSchema, type CopyOutcome, type Destination, type Job, type Run } from './model.js';
import { ageText, countText } from './text.js';

/** What is known of one copy. Times are ms since the epoch. */
export const copyFactsSchema = z.object({
  destinationId: idSchema,
  name: z.string(),
  /** End of the newest run after which it was complete; null before the first. */
  madeAt: z.number().nullable(),
  /** Why it is behind, as a sentence; null when the newest run brought it up to date. */
  problem: z.string().nullable(),
});
export type CopyFacts = z.infer<typeof copyFactsSchema>;

/** Every repository that the job writes, its own first. */
export const destinationsOf = (job: Pick<Job, 'destination' | 'copies'>): readonly Destination[] => [job.destination, ...job.copies];

/** What is known after a run that left these outcomes. @param finishedAt ms since the epoch */
export function copiesAfter(before: readonly CopyFacts[], destinations: readonly Destination[], outcomes: readonly CopyOutcome[], finishedAt: number): CopyFacts[] {
  return destinations.map(({ id, name }) => {
    const known = before.find(({ destinationId }) => destinationId === id);
    const outcome = outcomes.find(({ destinationId }) => destinationId === id);
    return {
      destinationId: id, name,
      madeAt: outcome?.problem === null ? finishedAt : (known?.madeAt ?? null),
      problem: outcome === undefined ? (known?.problem ?? null) : outcome.problem,
    };
  });
}

/** The same from what is remembered of the job's runs. @param runs in any order */
export function copiesOf(job: Pick<Job, 'copies'>, runs: readonly Run[]): CopyFacts[] {
  if (job.copies.length === 0) return [];
  const finished = runs.filter(({ finishedAt, result }) => finishedAt !== null && result !== null).sort((a, b) => (a.finishedAt ?? '').localeCompare(b.finishedAt ?? ''));
  return finished.reduce((known, run) => copiesAfter(known, job.copies, run.result?.copies ?? [], Date.parse(run.finishedAt ?? '')), copiesAfter([], job.copies, [], 0));
}

const week = 7 * 86_400_000;

/**
 * The copy that most needs to be spoken of, if one does. Disks that take turns away from home are seen once a week; what is older than that and
 * than the schedule's own interval is a risk.
 * @param lastGoodAt end of the newest backup, ms since the epoch
 */
export function copyConcern(copies: readonly CopyFacts[], lastGoodAt: number, interval: number | null, now: number): { isOld: boolean; reason: string } | null {
  const because = ({ problem }: CopyFacts): string => (problem === null ? '' : `: ${problem.replace(/\.$/, '')}`);
  const old = copies.find(({ madeAt }) => madeAt !== null && lastGoodAt - madeAt > Math.max(week, interval ?? 0));
  if (old !== undefined) return { isOld: true, reason: `The copy on "${old.name}" was made ${ageText(now - (old.madeAt ?? now))}${because(old)}` };
  const never = copies.find(({ madeAt }) => madeAt === null);
  return never === undefined ? null : { isOld: false, reason: `There is no copy on "${never.name}" yet${because(never)}` };
}

/** The end of the sentence about the last backup: which copies have it. Empty without copies. */
export function copiesText(copies: readonly CopyFacts[], lastGoodAt: number, now: number): string {
  const behind = copies.filter(({ madeAt }) => madeAt !== null && madeAt < lastGoodAt);
  const there = copies.filter(({ madeAt }) => madeAt !== null && madeAt >= lastGoodAt).length;
  return [
    ...(there > 0 ? [`, with ${there === 1 ? 'a copy' : countText(there, 'copy', 'copies')} elsewhere`] : []),
    ...behind.map(({ madeAt, name }) => `, the copy on "${name}" ${ageText(now - (madeAt ?? now))}`),
  ].join('');
}
