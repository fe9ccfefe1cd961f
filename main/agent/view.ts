/** The agent as screens show it, put together from what its rooms know. */
import type { AgentState, JobView } from '../shared/control.js';
import { computerStatus } from '../shared/status.js';
import { computerFacts } from './facts.js';
import type { AgentParts } from './parts.js';

const runsShown = 50;

export function agentState({ care, consent, drills, jobs, memory, options, repositories, restores, runs, scheduler, tunnel }: AgentParts): AgentState {
  const { clock, secrets } = options;
  const { settings } = memory;
  const { paused } = settings;
  const { jobs: statuses, ...report } = computerStatus(computerFacts(jobs, runs, scheduler, paused, drills, care), clock.now());
  const views = jobs.all.flatMap((job, i): JobView[] => {
    const status = statuses[i]; // the reducer keeps the order of its facts
    const due = scheduler.dueAt(job);
    return status === undefined ? [] : [{
      job, status,
      lastRun: runs.newestOf(job.id),
      nextRunAt: due === null || paused !== null ? null : new Date(due).toISOString(),
      recoveryKitConfirmed: settings.confirmedRecoveryKits.includes(job.destination.id),
      drill: drills.view(job.id),
      alarm: care.alarm(job.id),
      disk: repositories.disks.view(job.destination),
    }];
  });
  return {
    ...report,
    agent: { id: settings.agentId, name: settings.name ?? options.host, version: options.version, pid: options.pid, dataFolder: options.dataFolder },
    connection: tunnel.connection,
    paused,
    jobs: views,
    runs: runs.list(runsShown),
    secrets: { kind: secrets.kind, description: secrets.description },
    recovery: settings.recovery,
    consent: consent.view,
    restores: restores.views,
  };
}
