/** What the agent adds to the schedule that it shares with the hub. */
export { checkSchedule, nextTime, usualInterval } from '../../shared/schedule.js';

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
