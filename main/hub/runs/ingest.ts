/**
 * Stores run events, each exactly once and in order. The number of the last one is written in the same transaction as what
 * the events change, so that a hub that dies has either both or neither.
 */
import { copiesAfter } from '../../shared/copies.js';
import type { Drill } from '../../shared/drill.js';
import { isGood, runResultSchema, runStateSchema } from '../../shared/model.js';
import type { RunEvent } from '../../shared/protocol/messages.js';
import { copyFactsOf, draftOf } from '../jobs/jobs.js';
import { dueAfter } from '../jobs/due.js';
import type { Queries } from '../store/database.js';
import type { GroupCommit } from '../store/group-commit.js';
import type { JobRow, RunRow } from '../store/schema.js';
import { applyEvent, runFrom } from './reduce.js';

export interface EventBatch {
  readonly agentId: number;
  readonly journalId: string;
  /** Numbered without gaps. */
  readonly events: readonly RunEvent[];
}

/** Another connection has stored events of this journal meanwhile; this one is out of date. */
export class StaleConnection extends Error {}

export class Ingest {
  constructor(private readonly commits: GroupCommit) {}

  /** Resolves once all events are on disk. @throws StaleConnection. */
  submit(batch: EventBatch): Promise<void> {
    return this.commits.write((queries) => store(queries, batch));
  }
}

async function store(queries: Queries, { agentId, journalId, events }: EventBatch): Promise<void> {
  const first = events[0];
  const last = events.at(-1);
  if (first === undefined || last === undefined) return;
  const moved = await queries.updateTable('agents').set({ acked_seq: last.seq })
    .where('id', '=', agentId).where('journal_id', '=', journalId).where('acked_seq', '=', first.seq - 1).executeTakeFirst();
  if (Number(moved.numUpdatedRows) !== 1) throw new StaleConnection();

  const byRun = new Map<string, RunEvent[]>();
  for (const event of events) byRun.set(event.runId, [...(byRun.get(event.runId) ?? []), event]);
  for (const [runId, ofRun] of byRun) await storeRun(queries, agentId, runId, ofRun);
}

async function storeRun(queries: Queries, agentId: number, runId: string, events: readonly RunEvent[]): Promise<void> {
  const [first] = events;
  if (first === undefined) return;
  const known = await queries.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirst();
  const job = await queries.selectFrom('jobs').selectAll().where('id', '=', known?.job_id ?? first.jobId).where('agent_id', '=', agentId).executeTakeFirst();
  // Runs of jobs that never were this agent's here (it came from another hub) are none of this hub's business, nor is somebody else's run.
  if (job === undefined || (known !== undefined && known.agent_id !== agentId)) return;

  const run = events.reduce(applyEvent, known ?? runFrom(agentId, first, job.name));
  if (known === undefined) await queries.insertInto('runs').values(run).execute();
  else await queries.updateTable('runs').set(run).where('id', '=', runId).execute();

  const lines = events.flatMap(({ at, event }) => (event.type === 'log' ? [{ run_id: runId, at: Date.parse(at), level: event.level, message: withoutNul(event.message) }] : []));
  if (lines.length > 0) await queries.insertInto('run_logs').values(lines).execute();
  await noteOnJob(queries, job, run);
  for (const { event } of events) if (event.type === 'log' && event.drill !== undefined) await noteDrill(queries, job.id, event.drill);
}

/** A drill that could not be carried out says nothing about the backup. */
async function noteDrill(queries: Queries, jobId: string, { finishedAt, outcome, reason }: Drill): Promise<void> {
  if (outcome === 'not-done') return;
  const at = Date.parse(finishedAt);
  await queries.updateTable('jobs').set({
    drilled_at: at, drill_outcome: outcome, drill_reason: reason === null ? null : withoutNul(reason), ...(outcome === 'proven' ? { proven_at: at } : {}),
  }).where('id', '=', jobId).execute();
}

async function noteOnJob(queries: Queries, job: JobRow, run: RunRow): Promise<void> {
  const change: Partial<JobRow> = {};
  if (job.last_run_id !== run.id) {
    const newest = job.last_run_id === null ? undefined : await queries.selectFrom('runs').select('queued_at').where('id', '=', job.last_run_id).executeTakeFirst();
    if (newest === undefined || newest.queued_at <= run.queued_at) change.last_run_id = run.id;
  }
  if (run.finished_at !== null && isGood(runStateSchema.parse(run.state)) && run.finished_at > (job.last_good_at ?? -Infinity)) {
    const agent = await queries.selectFrom('agents').select('timezone').where('id', '=', run.agent_id).executeTakeFirst();
    change.last_good_at = run.finished_at;
    const { copies } = draftOf(job);
    if (copies.length > 0 && run.result !== null) change.copies = JSON.stringify(copiesAfter(copyFactsOf(job), copies, runResultSchema.parse(JSON.parse(run.result)).copies, run.finished_at));
    Object.assign(change, dueAfter(draftOf(job).schedule, run.started_at ?? run.queued_at, agent?.timezone ?? null));
  }
  if (Object.keys(change).length > 0) await queries.updateTable('jobs').set(change).where('id', '=', job.id).execute();
}

/** PostgreSQL's text cannot hold the character U+0000, and no reader misses it. */
const withoutNul = (text: string): string => text.replaceAll('\0', '');
