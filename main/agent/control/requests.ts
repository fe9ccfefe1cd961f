/** What the hub can order and ask through the tunnel. */
import type { AgentMethods, ParamsOf, ResultOf } from '../../shared/protocol/methods.js';
import { HoldfastError } from '../../shared/errors.js';
import type { RestoreView } from '../../shared/restores.js';
import { jobOf, type AgentParts } from '../parts.js';
import { pathsShown } from './restore.js';

export type Requests = { [M in keyof AgentMethods]: (params: ParamsOf<AgentMethods, M>, signal: AbortSignal) => Promise<ResultOf<AgentMethods, M>> };

/** Of an answer, well below the largest frame. Characters. */
const mostOfAnswer = 1_000_000;

/** The first of the items that fit into one answer, and at least one. */
function fitting<T>(items: readonly T[]): T[] {
  let size = 0;
  const end = items.findIndex((item, i) => (size += JSON.stringify(item).length) > mostOfAnswer && i > 0);
  return end < 0 ? [...items] : items.slice(0, end);
}

export function hubRequests(parts: AgentParts): Requests {
  const { consent, restores, snapshots } = parts;
  const askedFor = (restoreId: string): RestoreView => {
    const view = restores.view(restoreId);
    if (!view.byHub) throw new HoldfastError('not-found', 'That restore is not remembered any more.');
    return view;
  };
  return {
    'snapshots.list': async ({ jobId, skip }) => {
      const all = await snapshots.list(jobOf(parts, jobId));
      const page = fitting(all.slice(skip).map((snapshot) => ({ ...snapshot, paths: snapshot.paths.slice(0, pathsShown), time: new Date(snapshot.time).toISOString() })));
      return { snapshots: page, next: skip + page.length < all.length ? skip + page.length : null };
    },
    'snapshots.folder': ({ folder, jobId, skip, snapshotId }, signal) => snapshots.folder(jobOf(parts, jobId), snapshotId, folder, skip, signal),
    'snapshots.find': ({ jobId, snapshotId, text }, signal) => snapshots.find(jobOf(parts, jobId), text, snapshotId ?? null, signal),
    'restore.start': async (order) => {
      const view = await restores.asked(jobOf(parts, order.jobId), order, await consent.trusted());
      await consent.review();
      return view;
    },
    'restore.get': ({ restoreId }) => Promise.resolve(askedFor(restoreId)),
    'restore.cancel': async ({ restoreId }) => {
      restores.cancel(askedFor(restoreId).id);
      await consent.review();
      return {};
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
