/** The agent as screens show it, put together from what its rooms know. */
import type { Consent } from '../shared/consent.js';
import type { AgentState, JobView } from '../shared/control.js';
import { computerStatus } from '../shared/status.js';
import { computerFacts } from './facts.js';
import type { Drills } from './drill/drills.js';
import type { JobSet } from './jobs/job-set.js';
import type { Clock, SecretStore } from './ports.js';
import type { RunStore } from './runs/run-store.js';
import type { Scheduler } from './schedule/scheduler.js';
import type { AgentSettings } from './settings.js';
import type { Tunnel } from './tunnel-port.js';

export interface ViewSources {
  readonly clock: Clock;
  readonly computer: { readonly host: string; readonly version: string; readonly pid: number; readonly dataFolder: string };
  readonly settings: AgentSettings;
  readonly secrets: SecretStore;
  readonly jobs: JobSet;
  readonly runs: RunStore;
  readonly drills: Pick<Drills, 'view' | 'facts'>;
  readonly scheduler: Scheduler;
  readonly tunnel: Tunnel;
  readonly consent: Consent;
}

const runsShown = 50;

export function agentState({ clock, computer, settings, secrets, jobs, runs, drills, scheduler, tunnel, consent }: ViewSources): AgentState {
  const { paused } = settings;
  const { jobs: statuses, ...report } = computerStatus(computerFacts(jobs, runs, scheduler, paused, drills), clock.now());
  const views = jobs.all.flatMap((job, i): JobView[] => {
    const status = statuses[i]; // the reducer keeps the order of its facts
    const due = scheduler.dueAt(job);
    return status === undefined ? [] : [{
      job, status,
      lastRun: runs.newestOf(job.id),
      nextRunAt: due === null || paused !== null ? null : new Date(due).toISOString(),
      recoveryKitConfirmed: settings.confirmedRecoveryKits.includes(job.destination.id),
      drill: drills.view(job.id),
    }];
  });
  return {
    ...report,
    agent: { id: settings.agentId, name: settings.name ?? computer.host, version: computer.version, pid: computer.pid, dataFolder: computer.dataFolder },
    connection: tunnel.connection,
    paused,
    jobs: views,
    runs: runs.list(runsShown),
    secrets: { kind: secrets.kind, description: secrets.description },
    recovery: settings.recovery,
    consent,
  };
}
