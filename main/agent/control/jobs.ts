/** Jobs are kept by the hub; runs and drills of them are this computer's. */
import type { AgentParts } from '../parts.js';
import { jobOf } from '../parts.js';
import { checkSchedule } from '../schedule/schedule.js';
import type { Handlers } from './contract.js';

export type JobHandlers = Pick<Handlers, 'runJob' | 'acceptChanges' | 'drillJob' | 'cancelRun' | 'createJob' | 'updateJob' | 'deleteJob'>;

export function jobHandlers(parts: AgentParts): JobHandlers {
  const { care, consent, drills, jobs, options, runner, runs, tunnel } = parts;
  return {
    runJob: async ({ jobId }) => {
      const runId = options.newId();
      const first = runs.newestOf(jobId) === null;
      await runner.start(jobOf(parts, jobId), first ? 'first' : 'manual', runId);
      return { runId };
    },
    drillJob: async ({ jobId }) => ({ drill: await drills.run(jobOf(parts, jobId)) }),
    acceptChanges: async ({ jobId }) => {
      await care.accept(jobId);
      options.logger.log('info', `The changes of "${jobOf(parts, jobId).name}" were accepted on this computer`);
      return {};
    },
    cancelRun: ({ runId }) => {
      runner.cancel(runId);
      return {};
    },
    createJob: async ({ draft }) => {
      checkSchedule(draft.schedule);
      await consent.allowDraft(draft, null);
      return tunnel.request('jobs.create', { draft });
    },
    updateJob: async ({ jobId, draft }) => {
      checkSchedule(draft.schedule);
      await consent.allowDraft(draft, jobs.find(jobId) ?? null);
      return tunnel.request('jobs.update', { jobId, draft });
    },
    deleteJob: ({ jobId }) => tunnel.request('jobs.delete', { jobId }),
  };
}
