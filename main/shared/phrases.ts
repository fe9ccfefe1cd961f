/** What tray, window and notifications say about the agent's state. One place, so that they say the same. */
import type { AgentState, Connection } from './control.js';
import { isFinal, type Run, type RunProgress, type RunResult, type Schedule } from './model.js';
import { ageText, bytesText, countText } from './text.js';

export const statusLine = (report: { status: string; reason: string }): string => `${report.status}: ${report.reason}`;

const onThisComputer = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/;

function hubText(connection: Connection): string {
  const { hub, hubName } = connection;
  if (isOwnHub(connection)) return "this computer's hub";
  return hubName ?? hub ?? 'the hub';
}

/** Whether the hub is one on this computer. */
export const isOwnHub = ({ hub }: Pick<Connection, 'hub'>): boolean => hub !== null && onThisComputer.test(hub);

/** One line about the tunnel. */
export function connectionLine(connection: Connection): string {
  switch (connection.state) {
    case 'connected': return `Connected to ${hubText(connection)}`;
    case 'connecting': return `Connecting to ${hubText(connection)}`;
    case 'waiting': return `Not connected to ${hubText(connection)}; trying again`;
    case 'paused': return 'Disconnected while the agent is paused';
    case 'stopped': return `Refused by ${hubText(connection)}`;
    case 'not-joined': return 'Not joined to a hub';
  }
}

/** The run that is under way, if any: the one that works goes before those that wait. */
export function activeRun(state: Pick<AgentState, 'runs'>): Run | null {
  const unfinished = state.runs.filter((run) => !isFinal(run.state));
  return unfinished.find((run) => run.state === 'running') ?? unfinished[0] ?? null;
}

/** Whether something is under way that ending the agent would cut off; what only waits goes on after its next start. */
export const isWorking = ({ restores, runs }: Pick<AgentState, 'restores' | 'runs'>): boolean => [...runs, ...restores].some(({ state }) => state === 'running');

/** The total that can be shown, bytes. It may come from the last backup, and is worth nothing once there turns out to be more. */
const shownTotal = ({ bytesDone, bytesTotal }: RunProgress): number | null => (bytesTotal === null || bytesDone > bytesTotal ? null : bytesTotal);

/** Done share of a run in [0, 1]; null while the total is not known. */
export function runShare({ progress }: Run): number | null {
  if (progress === null) return null;
  if (progress.phase === 'finishing') return 1;
  const total = shownTotal(progress);
  if (total === null || progress.filesTotal === null) return null;
  if (total > 0) return progress.bytesDone / total;
  return progress.filesTotal > 0 ? Math.min(progress.filesDone / progress.filesTotal, 1) : 1;
}

/** What a run does at the moment. */
export function progressLine(run: Run): string {
  if (run.state === 'queued') return 'Waiting for its turn';
  const progress = run.progress;
  if (progress === null || progress.phase === 'preparing') return 'Looking through the files';
  if (progress.phase === 'finishing') return 'Finishing';
  const files = countText(progress.filesDone, 'file');
  const total = shownTotal(progress);
  return total === null ? `${files}, ${bytesText(progress.bytesDone)} so far` : `${files}, ${bytesText(progress.bytesDone)} of ${bytesText(total)}`;
}

function warningsText({ unreadableCount, warnings }: RunResult): string {
  if (unreadableCount > 0) return `Finished, ${countText(unreadableCount, 'file')} not read`;
  return warnings.length === 0 ? 'Finished' : 'Finished with warnings';
}

/** The end of a run in two or three words. */
export function runOutcome(run: Run): string {
  switch (run.state) {
    case 'queued': return 'Waiting';
    case 'running': return 'Running';
    case 'succeeded': return 'Finished';
    case 'warnings': return run.result === null ? 'Finished' : warningsText(run.result);
    case 'failed': return 'Failed';
    case 'cancelled': return 'Cancelled';
    case 'interrupted': return 'Interrupted';
  }
}

/** When a coming moment is, as seen from `now`: `in 3 hours`, `any moment`. Times in ms since the epoch. */
export const untilText = (at: number, now: number): string => (at - now < 60_000 ? 'any moment' : `in ${ageText(at - now, 'bare')}`);

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function everyText(minutes: number): string {
  for (const [length, unit] of [[1440, 'day'], [60, 'hour'], [1, 'minute']] as const) {
    if (minutes % length === 0) return minutes === length ? `Every ${unit}` : `Every ${minutes / length} ${unit}s`;
  }
  return `Every ${minutes} minutes`;
}

export function scheduleText(schedule: Schedule): string {
  switch (schedule.type) {
    case 'manual': return 'When you start it';
    case 'every': return everyText(schedule.minutes);
    case 'times': {
      const days = schedule.days === undefined ? 'Every day' : schedule.days.map((day) => weekdays[day]).join(', ');
      return `${days} at ${schedule.times.join(', ')}`;
    }
    case 'cron': return `By the cron rule ${schedule.expression}`;
  }
}
