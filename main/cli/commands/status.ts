import { z } from 'zod';
import type { AgentState } from '../../shared/control.js';
import { activeRun, connectionLine, progressLine, scheduleText, statusLine, untilText } from '../../shared/phrases.js';
import { withAgent } from '../agent/control.js';
import type { Register } from '../cli.js';

export const register: Register = (program, cli) => {
  program.command('status').description('say how well this computer is protected').action(cli.action(z.object({}), async () => {
    const state = await withAgent(cli, (control) => control.call('state', {}));
    cli.result(state, () => statusText(state, Date.now()));
  }));
};

/** @param now ms since the epoch. */
export function statusText(state: AgentState, now: number): string {
  const lines = [statusLine(state), connectionLine(state.connection)];
  if (state.connection.state !== 'connected' && state.connection.lastError !== null) lines.push(`  ${state.connection.lastError.message}`);
  const run = activeRun(state);
  if (run !== null) lines.push(`Running: "${run.jobName}": ${progressLine(run)}`);
  for (const { job, nextRunAt, recoveryKitConfirmed, status } of state.jobs) {
    const next = nextRunAt === null ? scheduleText(job.schedule) : `next ${untilText(Date.parse(nextRunAt), now)}`;
    lines.push(`  ${job.name} (${job.id}): ${status.status}. ${status.reason}. ${next}${recoveryKitConfirmed || job.schedule.type === 'manual' ? '' : `; save its recovery kit: holdfast recovery-kit ${job.id}`}`);
  }
  if (state.secrets.kind === 'file') lines.push(`Secrets are in ${state.secrets.description}.`);
  return lines.join('\n');
}
