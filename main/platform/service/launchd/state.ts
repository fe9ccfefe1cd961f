/** What `launchctl print` says about a job, as our status. Pure. Its output is for people (launchctl(1)), so only three plain lines of it are read. */
import type { ServiceStatus } from '../service.js';

export interface JobProperties {
  readonly loaded: boolean;
  /** `running`, `spawn scheduled`, `not running` ... */
  readonly state: string;
  readonly pid: number | null;
  readonly lastExit: string | null;
  readonly runs: number | null;
}

/** @param text null when launchd does not know the job. */
export function parsePrint(text: string | null): JobProperties {
  const field = (name: string): string | null => text?.match(new RegExp(`^\\t${name} = (.*)$`, 'm'))?.[1] ?? null;
  return {
    loaded: text !== null,
    state: field('state') ?? '',
    pid: Number(field('pid')) || null,
    lastExit: field('last exit code'),
    runs: field('runs') === null ? null : Number(field('runs')),
  };
}

export interface JobFacts {
  readonly label: string;
  readonly file: string;
  readonly owner: 'nobody' | 'holdfast' | 'other';
  readonly current: boolean;
  readonly job: JobProperties;
  /** The process that runs the agent, in this service or not. */
  readonly agentPid: number | null;
}

export function jobStatus({ agentPid, current, file, job, label, owner }: JobFacts): ServiceStatus {
  const say = (state: ServiceStatus['state'], reason: string): ServiceStatus => ({
    state, reason, file, current,
    manager: 'launchd',
    name: label,
    enabled: owner === 'holdfast',
    pid: job.pid,
    since: null,
    restarts: job.runs === null ? null : Math.max(job.runs - 1, 0),
    staysAfterLogout: false,
  });
  if (owner === 'other') return say('foreign', `There is a service ${label} that Holdfast did not write (${file}); it is left alone.`);
  if (owner === 'nobody') return say('not-installed', 'Holdfast does not start by itself on this computer. To change that: holdfast service install');
  const moved = current ? '' : ' Its file is not up to date, perhaps because Holdfast moved. Correct it with: holdfast service install';
  if (job.pid !== null) return say('running', `Running (process ${job.pid}).${moved}`);
  const failed = job.lastExit !== null && !/^(0|\(never exited\))$/.test(job.lastExit);
  if (job.loaded && failed) return say('restarting', `It ended with exit code ${job.lastExit} and is started again every 10 seconds. See why with: holdfast service logs.${moved}`);
  if (agentPid !== null) return say('stopped', `Installed, and not running because process ${agentPid} runs the agent. The service takes over at the next login.${moved}`);
  return say('stopped', `Installed, but not running. Start it with: holdfast service install.${moved}`);
}
