/** Gathers what the status reducer needs to know of each job. */
import { copiesOf } from '../shared/copies.js';
import type { Job } from '../shared/model.js';
import type { ComputerFacts, JobFacts } from '../shared/status.js';
import type { Care } from './care/care.js';
import type { Drills } from './drill/drills.js';
import type { JobSet } from './jobs/job-set.js';
import type { RunStore } from './runs/run-store.js';
import { nextTime, usualInterval } from './schedule/schedule.js';
import type { Scheduler } from './schedule/scheduler.js';

export function computerFacts(jobs: JobSet, runs: RunStore, scheduler: Scheduler, paused: { until: string | null } | null, drills: Pick<Drills, 'facts'>, care: Pick<Care, 'alarm'>): ComputerFacts {
  return {
    jobs: jobs.all.map((job) => jobFacts(job, runs, scheduler, drills, care)),
    paused: paused === null ? null : { until: paused.until === null ? null : Date.parse(paused.until) },
  };
}

function jobFacts(job: Job, runs: RunStore, scheduler: Scheduler, drills: Pick<Drills, 'facts'>, care: Pick<Care, 'alarm'>): JobFacts {
  const good = runs.newestGoodOf(job.id);
  const lastGoodAt = good?.finishedAt === undefined || good.finishedAt === null ? null : Date.parse(good.finishedAt);
  // Judged from the start of the last good run: a run that takes an hour is not late by an hour.
  const goodStart = good === null ? Date.parse(job.createdAt) : Date.parse(good.startedAt ?? good.queuedAt);
  const due = dueAfter(job, goodStart);
  return {
    jobId: job.id,
    name: job.name,
    paused: job.paused,
    lastGoodAt,
    lastRun: runs.newestOf(job.id),
    dueAt: due?.at ?? null,
    interval: due?.interval ?? null,
    waitingFor: scheduler.waitingFor(job.id),
    drills: drills.facts(job.id),
    alarm: care.alarm(job.id)?.reason ?? null,
    copies: copiesOf(job, job.copies.length === 0 ? [] : runs.of(job.id)),
  };
}

function dueAfter(job: Job, from: number): { at: number; interval: number | null } | null {
  try {
    const at = nextTime(job.schedule, from);
    return at === null ? null : { at, interval: usualInterval(job.schedule, from) };
  } catch {
    return null;
  }
}
