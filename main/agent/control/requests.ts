/** What the hub can order and ask through the tunnel. */
import type { AgentMethods, ParamsOf, ResultOf } from '../../shared/protocol/methods.js';
import { jobOf, type AgentParts } from '../parts.js';
import { jobTag } from '../runs/job-tag.js';

export type Requests = { [M in keyof AgentMethods]: (params: ParamsOf<AgentMethods, M>, signal: AbortSignal) => Promise<ResultOf<AgentMethods, M>> };

export function hubRequests(parts: AgentParts): Requests {
  const { openRepository, options } = parts;
  return {
    'snapshots.list': async ({ jobId }) => {
      const job = jobOf(parts, jobId);
      const all = await options.engine.snapshots(await openRepository(job));
      return { snapshots: all.filter((snapshot) => snapshot.tags.includes(jobTag(job.id))) };
    },
  };
}

/** A run the hub ordered. It may know of a job that this computer does not have yet, or no longer has. */
export function startOrdered({ jobs, options, runner }: AgentParts, runId: string, jobId: string): void {
  const job = jobs.find(jobId);
  if (job === undefined) options.logger.log('warn', `The hub ordered a run of a job that this computer does not have (${jobId})`);
  else void runner.start(job, 'manual', runId);
}

export function cancelOrdered({ runner }: AgentParts, runId: string): void {
  try {
    runner.cancel(runId);
  } catch {
    // It ended while the order was under way; the hub learns so from the journal.
  }
}
