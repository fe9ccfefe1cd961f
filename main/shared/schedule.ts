/**
 * When a schedule wants a run; agent and hub must agree on it. Pure: no clock of its own. Times are milliseconds since the epoch.
 * `zone` is the timezone (IANA name) that a schedule without one means: the computer's own when absent.
 */
import { Cron } from 'croner';
import { HoldfastError } from './errors.js';
import type { Schedule } from './model.js';

/** @throws HoldfastError `usage` for a cron expression or a timezone that means nothing. */
export function checkSchedule(schedule: Schedule): void {
  nextTime(schedule, Date.now());
}

/**
 * The first time after `after` that the schedule names, or null for schedules started by hand.
 * "Every N minutes" counts from `after` itself, so `after` is the start of the last run.
 */
export function nextTime(schedule: Schedule, after: number, zone?: string): number | null {
  switch (schedule.type) {
    case 'manual':
      return null;
    case 'every':
      return after + schedule.minutes * 60_000;
    case 'times': {
      const days = schedule.days?.join(',') ?? '*';
      const next = schedule.times.map((time) => {
        const [hour, minute] = time.split(':');
        return nextCron(`${Number(minute)} ${Number(hour)} * * ${days}`, schedule.timezone ?? zone, after);
      });
      return Math.min(...next.map((at) => at ?? Infinity));
    }
    case 'cron':
      return nextCron(schedule.expression, schedule.timezone ?? zone, after);
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
export function usualInterval(schedule: Schedule, now: number, zone?: string): number | null {
  const first = nextTime(schedule, now, zone);
  if (first === null) return null;
  const second = nextTime(schedule, first, zone);
  return second === null ? null : second - first;
}
