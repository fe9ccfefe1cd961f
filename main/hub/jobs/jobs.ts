/** Jobs belong to agents. Each change makes the agent's job set a new revision, and the agent is told. */
import { sql } from 'kysely';
import { z } from 'zod';
import { copiesAfter, copyFactsSchema, type CopyFacts } from '../../shared/copies.js';
import { HoldfastError } from '../../shared/errors.js';
import { jobDraftSchema, type Job, type JobDraft } from '../../shared/model.js';
import { checkSchedule } from '../../shared/schedule.js';
import type { HubClock } from '../options.js';
import type { Signals } from '../signals.js';
import type { Database, Queries } from '../store/database.js';
import type { JobRow } from '../store/schema.js';
import { newId } from '../store/tokens.js';
import { dueAfter } from './due.js';

/** An agent's own requests reach its own jobs only; the hub's owner reaches all. */
export type Owner = { readonly agentId: number } | 'anyone';

/** Of one computer. Its whole set travels in one message, which must stay well below `maxFrameBytes`. */
const maxJobs = 500;
const maxJobBytes = 64 * 1024;
const maxSetBytes = 2 * 1024 * 1024;

export class Jobs {
  constructor(private readonly db: Database, private readonly clock: HubClock, private readonly signals: Signals) {}

  /** @throws HoldfastError `usage` for a schedule that means nothing. */
  async create(agentId: number, draft: JobDraft): Promise<Job> {
    checkSchedule(draft.schedule);
    const now = this.clock.now();
    const row: JobRow = {
      id: newId(), agent_id: agentId, ...columns(draft), created_at: now, deleted_at: null,
      last_run_id: null, last_good_at: null, due_at: null, interval_ms: null, ...noDrill, copies: copiesColumn(draft, null),
    };
    await this.change([agentId], async (queries) => {
      await queries.insertInto('jobs').values({ ...row, ...(await this.due(queries, agentId, draft, now)) }).execute();
    });
    return toJob(row);
  }

  /** @throws HoldfastError `usage`, `not-found`. */
  async update(owner: Owner, id: string, draft: JobDraft): Promise<Job> {
    checkSchedule(draft.schedule);
    const row = await this.get(owner, id);
    const change = { ...columns(draft), copies: copiesColumn(draft, row.copies) };
    await this.change([row.agent_id], async (queries) => {
      const from = row.last_good_at ?? row.created_at;
      await queries.updateTable('jobs').set({ ...change, ...(await this.due(queries, row.agent_id, draft, from)) }).where('id', '=', id).execute();
    });
    return toJob({ ...row, ...change });
  }

  /** The computer that has it. @throws HoldfastError `not-found`. */
  async agentOf(id: string): Promise<number> {
    return (await this.get('anyone', id)).agent_id;
  }

  async setPaused(id: string, paused: boolean): Promise<void> {
    const row = await this.get('anyone', id);
    await this.update('anyone', id, { ...draftOf(row), paused });
  }

  /**
   * Gives a job to another computer. There it is a new job without a history: the runs and snapshots that there are, are of the
   * computer that made them, and one that is under way there goes on. @throws HoldfastError `not-found`.
   */
  async move(id: string, agentId: number): Promise<Job> {
    const row = await this.get('anyone', id);
    if (row.agent_id === agentId) return toJob(row);
    const now = this.clock.now();
    const draft = draftOf(row);
    const moved: JobRow = { ...row, id: newId(), agent_id: agentId, created_at: now, last_run_id: null, last_good_at: null, due_at: null, interval_ms: null, ...noDrill, copies: copiesColumn(draft, null) };
    await this.change([row.agent_id, agentId], async (queries) => {
      await removeJob(queries, id, now);
      await queries.insertInto('jobs').values({ ...moved, ...(await this.due(queries, agentId, draft, now)) }).execute();
    });
    return toJob(moved);
  }

  /** Its runs stay as history; one that the agent has not begun is cancelled. @throws HoldfastError `not-found`. */
  async delete(owner: Owner, id: string): Promise<void> {
    const row = await this.get(owner, id);
    const now = this.clock.now();
    await this.change([row.agent_id], async (queries) => {
      await removeJob(queries, id, now);
    });
  }

  /** @throws HoldfastError `not-found`, also for somebody else's. */
  async get(owner: Owner, id: string): Promise<JobRow> {
    let query = this.db.selectFrom('jobs').selectAll().where('id', '=', id).where('deleted_at', 'is', null);
    if (owner !== 'anyone') query = query.where('agent_id', '=', owner.agentId);
    const row = await query.executeTakeFirst();
    if (row === undefined) throw new HoldfastError('not-found', `There is no job with the id "${id}". "holdfast job list" shows them all.`);
    return row;
  }

  /** The whole set of an agent with its revision. */
  async setOf(agentId: number): Promise<{ revision: number; jobs: Job[] }> {
    // The revision first: should the set change in between, the newer set goes out again under its own number.
    const agent = await this.db.selectFrom('agents').select('jobs_revision').where('id', '=', agentId).executeTakeFirstOrThrow();
    const rows = await this.db.selectFrom('jobs').selectAll().where('agent_id', '=', agentId).where('deleted_at', 'is', null).orderBy('created_at').orderBy('id').execute();
    return { revision: agent.jobs_revision, jobs: rows.map(toJob) };
  }

  async revisionOf(agentId: number): Promise<number> {
    return (await this.db.selectFrom('agents').select('jobs_revision').where('id', '=', agentId).executeTakeFirstOrThrow()).jobs_revision;
  }

  /**
   * Revisions grow with the clock, not by ones: an agent that comes from another hub, or a hub restored from a copy, must not
   * find the same number on a different set.
   */
  private async change(agentIds: readonly number[], work: (queries: Queries) => Promise<void>): Promise<void> {
    await this.db.transaction().execute(async (queries) => {
      await work(queries);
      for (const agentId of agentIds) await mustFit(queries, agentId);
      const now = this.clock.now();
      await queries.updateTable('agents')
        .set((eb) => ({ jobs_revision: eb.case().when('jobs_revision', '>=', now).then(eb('jobs_revision', '+', 1)).else(now).end() }))
        .where('id', 'in', agentIds).execute();
    });
    for (const agentId of agentIds) this.signals.publish(agentId, 'jobs');
  }

  private async due(queries: Queries, agentId: number, draft: JobDraft, from: number): Promise<{ due_at: number | null; interval_ms: number | null }> {
    const agent = await queries.selectFrom('agents').select('timezone').where('id', '=', agentId).executeTakeFirstOrThrow();
    return dueAfter(draft.schedule, from, agent.timezone);
  }
}

/** @throws HoldfastError `usage` when a computer has more jobs, or larger ones, than it can be sent. */
async function mustFit(queries: Queries, agentId: number): Promise<void> {
  const { bytes, jobs, largest } = await queries.selectFrom('jobs').where('agent_id', '=', agentId).where('deleted_at', 'is', null)
    .select((eb) => [eb.fn.countAll<number>().as('jobs'), eb.fn.sum<number | null>(sql`length(definition)`).as('bytes'), eb.fn.max<number | null>(sql`length(definition)`).as('largest')]).executeTakeFirstOrThrow();
  if (Number(jobs) > maxJobs) throw new HoldfastError('usage', `A computer has at most ${maxJobs} jobs. Delete one first, or put several sources into one job.`);
  if (Number(largest ?? 0) > maxJobBytes) throw new HoldfastError('usage', `A job takes at most ${maxJobBytes / 1024} KiB. Shorten its lists of folders and exclusions.`);
  if (Number(bytes ?? 0) > maxSetBytes) throw new HoldfastError('usage', 'The jobs of this computer are too large together. Shorten their lists of folders and exclusions.');
}

const noDrill = { proven_at: null, drilled_at: null, drill_outcome: null, drill_reason: null };

/** What stays known of a job's copies when it is written anew. @param known the column as it was */
function copiesColumn(draft: JobDraft, known: string | null): string | null {
  return draft.copies.length === 0 ? null : JSON.stringify(copiesAfter(copyFactsOf({ copies: known }), draft.copies, [], 0));
}

async function removeJob(queries: Queries, id: string, now: number): Promise<void> {
  await queries.updateTable('jobs').set({ deleted_at: now }).where('id', '=', id).execute();
  await queries.updateTable('runs').set({ state: 'cancelled', finished_at: now, awaiting: 0 }).where('job_id', '=', id).where('awaiting', '=', 1).execute();
}

const columns = (draft: JobDraft): Pick<JobRow, 'definition' | 'name' | 'paused'> => ({ definition: JSON.stringify(draft), name: draft.name, paused: draft.paused ? 1 : 0 });

export const copyFactsOf = ({ copies }: Pick<JobRow, 'copies'>): CopyFacts[] => (copies === null ? [] : z.array(copyFactsSchema).parse(JSON.parse(copies)));

/** The draft was checked when it came in; it is parsed again because a database can be edited by hand. */
export const draftOf = (row: Pick<JobRow, 'definition'>): JobDraft => jobDraftSchema.parse(JSON.parse(row.definition));

export const toJob = (row: Pick<JobRow, 'id' | 'agent_id' | 'created_at' | 'definition'>): Job =>
  ({ ...draftOf(row), id: row.id, agentId: String(row.agent_id), createdAt: new Date(row.created_at).toISOString() });
