/** When a schedule wants a run. Pure: no clock of its own. Times are milliseconds since the epoch. */
import { Cron } from 'croner';
import { HoldfastError } from '../../shared/errors.js';
import type { Schedule } from '../../shared/model.js';

/** @throws HoldfastError `usage` for a cron expression or a timezone that means nothing. */
export function checkSchedule(schedule: Schedule): void {
  nextTime(schedule, Date.now());
}

/**
 * The first time after `after` that the schedule names, or null for schedules started by hand.
 * "Every N minutes" counts from `after` itself, so `after` is the start of the last run.
 */
export function nextTime(schedule: Schedule, after: number): number | null {
  switch (schedule.type) {
    case 'manual':
      return null;
    case 'every':
      return after + schedule.minutes * 60_000;
    case 'times': {
      const days = schedule.days?.join(',') ?? '*';
      const next = schedule.times.map((time) => {
        const [hour, minute] = time.split(':');
        return nextCron(`${Number(minute)} ${Number(hour)} * * ${days}`, schedule.timezone, after);
      });
      return Math.min(...next.map((at) => at ?? Infinity));
    }
    case 'cron':
      return nextCron(schedule.expression, schedule.timezone, after);
  }
}

function nextCron(expression: string, timezone: string | undefined, after: number): number | null {
  try {
    const cron = new Cron(expression, timezone === undefined ? { paused: true } : { timezone, paused: true });
    return cron.nextRun(new Date(after))?.getTime() ?? null;
  } catch (cause) {
    const zone = timezone === undefined ? '' : ` in the timezone "${timezone}"`;
    throw new HoldfastError('usage', `The schedule "${expression}"${zone} is not valid. Write five cron fields, for example "30 12 * * 1-5", and a timezone such as Europe/Berlin.`, { cause });
  }
}

/** The usual time between two runs in ms: the distance of the next two times from `now`. Null for schedules started by hand. */
export function usualInterval(schedule: Schedule, now: number): number | null {
  const first = nextTime(schedule, now);
  if (first === null) return null;
  const second = nextTime(schedule, first);
  return second === null ? null : second - first;
}

/**
 * A small fixed delay per job, so that an office's computers do not start in the same second: at most a twentieth of the
 * interval and two minutes. The same job always gets the same delay, so the time shown is the time it starts.
 */
export function spread(jobId: string, interval: number | null): number {
  const most = Math.min((interval ?? 0) / 20, 120_000);
  let hash = 2166136261; // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
  for (const char of jobId) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0;
  return Math.floor((hash / 2 ** 32) * most);
}
