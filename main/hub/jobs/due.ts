/** When the next good backup of a job should be here. Kept beside the job, so that lateness is seen without the agent and without a calculation per look. */
import type { Schedule } from '../../shared/model.js';
import { nextTime, usualInterval } from '../../shared/schedule.js';

/** @param from the start of the last good run, or the creation of a job that has none, ms since the epoch. @param timezone of the agent's computer. */
export function dueAfter(schedule: Schedule, from: number, timezone: string | null): { due_at: number | null; interval_ms: number | null } {
  const zone = timezone ?? undefined;
  try {
    return { due_at: nextTime(schedule, from, zone), interval_ms: usualInterval(schedule, from, zone) };
  } catch {
    // The computer names a timezone that this one does not know; its own clock is the next best.
    return zone === undefined ? { due_at: null, interval_ms: null } : dueAfter(schedule, from, null);
  }
}
