/**
 * The one place that says how well a computer is protected. Tray, window, CLI and dashboard show what this returns, word for word.
 * Age is judged against the job's own schedule, so that silence turns red by itself.
 */
import { z } from 'zod';
import { alarmAdvice } from './alarm.js';
import { copiesText, copyConcern, type CopyFacts } from './copies.js';
import { ageText } from './text.js';
import { isFinal, isGood, timeSchema, idSchema, type Run } from './model.js';
import { provenText, type DrillFacts } from './drill.js';

/** From best to worst, but for `Not set up`, which stands alone. */
export const statuses = ['Protected', 'Paused', 'Due', 'At risk', 'Failing', 'Not set up'] as const;
export const statusSchema = z.enum(statuses);
export type Status = z.infer<typeof statusSchema>;

export const statusReportSchema = z.object({
  status: statusSchema,
  /** A sentence; never empty. */
  reason: z.string(),
  lastGoodAt: timeSchema.nullable(),
});
export type StatusReport = z.infer<typeof statusReportSchema>;

export const jobStatusSchema = statusReportSchema.extend({ jobId: idSchema });
export type JobStatus = z.infer<typeof jobStatusSchema>;

/** What is known of one job. Times are milliseconds since the epoch. */
export interface JobFacts {
  readonly jobId: string;
  readonly name: string;
  readonly paused: boolean;
  /** End of the newest run that left a snapshot. */
  readonly lastGoodAt: number | null;
  /** The newest run, finished or not. */
  readonly lastRun: { readonly state: Run['state']; readonly error: { readonly message: string } | null; readonly result: { readonly unreadableCount: number } | null } | null;
  /** When the schedule wants the next run, counted from the last good one; past when it was missed; null when runs are started by hand only. */
  readonly dueAt: number | null;
  /** Usual time between two runs of the schedule, ms; null when runs are started by hand only. */
  readonly interval: number | null;
  /** Why a wanted run has not begun ("the disk 'Backup' is not attached"), if it is being held back. */
  readonly waitingFor: string | null;
  /** Absent where drills are not known. */
  readonly drills?: DrillFacts | null;
  /** A run changed far more than is usual: why, as a sentence. */
  readonly alarm?: string | null;
  /** Absent where there are none. */
  readonly copies?: readonly CopyFacts[];
}

const day = 86_400_000;
/** A run may take its time to start and to finish before "Due" is said, ms. */
const grace = 15 * 60_000;

/** The status of one job at the moment `now` (ms since the epoch). */
export function jobStatus(facts: JobFacts, now: number): StatusReport {
  const lastGoodAt = facts.lastGoodAt === null ? null : new Date(facts.lastGoodAt).toISOString();
  const report = (status: Status, reason: string): StatusReport => ({ status, reason, lastGoodAt });
  const proven = facts.drills ? provenText(facts.drills, now) : '';
  const last = facts.lastGoodAt === null ? 'there is no backup yet' : `last backup ${ageText(now - facts.lastGoodAt)}`;
  const waiting = facts.waitingFor === null ? '' : `; ${facts.waitingFor}`;
  const run = facts.lastRun;

  if (facts.paused) return report('Paused', `"${facts.name}" is paused; ${last}`);
  if (run !== null && (run.state === 'failed' || run.state === 'interrupted')) {
    const why = run.error?.message ?? 'the last run was interrupted.';
    return report('Failing', `${why} ${capital(last)}${waiting}`);
  }
  if (facts.lastGoodAt === null) {
    if (run !== null && !isFinal(run.state)) return report('Due', 'The first backup is running');
    return report('Due', `The first backup has not been made yet${waiting}`);
  }
  if (facts.alarm) return report('At risk', `${facts.alarm} ${alarmAdvice}`);
  const drill = facts.drills?.last ?? null;
  // A backup that did not come back is worth less than one that is late.
  if (drill?.outcome === 'failed') return report('At risk', `The restore drill failed ${ageText(now - drill.at)}: ${drill.reason ?? 'no reason is known.'} ${capital(last)}${proven}`);
  const late = facts.dueAt === null ? 0 : now - facts.dueAt;
  if (late > grace) {
    if (late > Math.max(facts.interval ?? 0, day)) return report('At risk', `${capital(last)}${waiting}`);
    return report('Due', `A backup is due; ${last}${waiting}`);
  }
  const copies = facts.copies ?? [];
  const concern = copyConcern(copies, facts.lastGoodAt, facts.interval, now);
  if (concern !== null) return report(concern.isOld ? 'At risk' : 'Due', `${concern.reason}; ${last}${proven}`);
  const unread = run !== null && isGood(run.state) ? (run.result?.unreadableCount ?? 0) : 0;
  const but = unread === 0 ? '' : `, ${unread} ${unread === 1 ? 'file' : 'files'} not read`;
  return report('Protected', `${capital(last)}${but}${copiesText(copies, facts.lastGoodAt, now)}${proven}`);
}

export interface ComputerFacts {
  readonly jobs: readonly JobFacts[];
  /** Null when the agent is not paused; `until` null when it stays so until a person resumes it. */
  readonly paused: { readonly until: number | null } | null;
}

/** The status of the whole computer: that of its worst job. */
export function computerStatus(facts: ComputerFacts, now: number): StatusReport & { jobs: JobStatus[] } {
  const jobs = facts.jobs.map((job) => ({ jobId: job.jobId, name: job.name, ...jobStatus(job, now) }));
  const strip = jobs.map(({ jobId, status, reason, lastGoodAt }) => ({ jobId, status, reason, lastGoodAt }));
  const newestGood = jobs.map((job) => job.lastGoodAt).filter((at) => at !== null).sort().at(-1) ?? null;

  if (facts.paused !== null) {
    const until = facts.paused.until === null ? 'until you resume it' : `for another ${ageText(facts.paused.until - now, 'bare')}`;
    const last = newestGood === null ? 'there is no backup yet' : `last backup ${ageText(now - Date.parse(newestGood))}`;
    return { status: 'Paused', reason: `The agent is paused ${until}; ${last}`, lastGoodAt: newestGood, jobs: strip };
  }
  const worst = jobs.reduce<(typeof jobs)[number] | null>(
    (a, b) => (a === null || statuses.indexOf(b.status) > statuses.indexOf(a.status) ? b : a), null);
  if (worst === null) {
    return { status: 'Not set up', reason: 'No folder is being backed up yet', lastGoodAt: null, jobs: [] };
  }
  const named = jobs.length > 1 && !worst.reason.includes(`"${worst.name}"`) ? `"${worst.name}": ${worst.reason}` : worst.reason;
  return { status: worst.status, reason: named, lastGoodAt: worst.lastGoodAt, jobs: strip };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
