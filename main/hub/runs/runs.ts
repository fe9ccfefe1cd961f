/** Runs as the hub knows them, and its orders to start or cancel one. */
import { errorShape } from '../../shared/error-shape.js';
import { HoldfastError } from '../../shared/errors.js';
import { isFinal, runProgressSchema, runResultSchema, runStateSchema, runTriggers, type Run } from '../../shared/model.js';
import type { HubRunView, RunLogLine } from '../../shared/protocol/admin.js';
import { logEntrySchema } from '../../shared/model.js';
import type { Jobs } from '../jobs/jobs.js';
import type { HubClock } from '../options.js';
import type { Signals } from '../signals.js';
import type { Database } from '../store/database.js';
import type { RunRow } from '../store/schema.js';
import { newId } from '../store/tokens.js';

export interface Orders {
  readonly start: readonly { runId: string; jobId: string }[];
  readonly cancel: readonly string[];
}

export class Runs {
  constructor(private readonly db: Database, private readonly clock: HubClock, private readonly signals: Signals, private readonly jobs: Jobs) {}

  /** Orders a run now, or as soon as the agent is there. An order that still waits is not given twice. */
  async order(jobId: string): Promise<string> {
    const job = await this.jobs.get('anyone', jobId);
    const waiting = await this.db.selectFrom('runs').select('id').where('job_id', '=', jobId).where('awaiting', '=', 1).executeTakeFirst();
    if (waiting !== undefined) {
      this.signals.publish(job.agent_id, 'orders');
      return waiting.id;
    }
    const id = newId();
    await this.db.transaction().execute(async (queries) => {
      await queries.insertInto('runs').values({
        id, agent_id: job.agent_id, job_id: job.id, job_name: job.name, trigger: 'manual', state: 'queued', queued_at: this.clock.now(),
        started_at: null, finished_at: null, progress: null, result: null, unreadable: 0, error: null, awaiting: 1, ordered: 0, cancelling: 0,
      }).execute();
      await queries.updateTable('jobs').set({ last_run_id: id }).where('id', '=', job.id).execute();
    });
    this.signals.publish(job.agent_id, 'orders');
    return id;
  }

  /** An order that never went out is cancelled here; for all others the agent has the last word. @throws HoldfastError `not-found`. */
  async cancel(runId: string): Promise<void> {
    const run = await this.row(runId);
    if (isFinal(runStateSchema.parse(run.state))) throw new HoldfastError('not-found', 'That run is over already.');
    const now = this.clock.now();
    const neverSent = await this.db.updateTable('runs').set({ state: 'cancelled', awaiting: 0, finished_at: now })
      .where('id', '=', runId).where('awaiting', '=', 1).where('ordered', '=', 0).executeTakeFirst();
    if (Number(neverSent.numUpdatedRows) === 1) return;
    await this.db.updateTable('runs').set({ cancelling: 1 }).where('id', '=', runId).execute();
    this.signals.publish(run.agent_id, 'orders');
  }

  /**
   * What the agent must be told. An order without an answer is repeated: the same run id twice is one run. One that is to be
   * cancelled is started first, so that it ends on both sides whether or not it had arrived.
   */
  async ordersFor(agentId: number): Promise<Orders> {
    const open = await this.db.selectFrom('runs').select(['id', 'job_id', 'awaiting', 'ordered', 'cancelling'])
      .where('agent_id', '=', agentId).where('state', 'in', ['queued', 'running']).orderBy('queued_at').execute();
    const fresh = open.filter((run) => run.awaiting === 1 && run.ordered === 0).map((run) => run.id);
    if (fresh.length > 0) await this.db.updateTable('runs').set({ ordered: 1 }).where('id', 'in', fresh).where('awaiting', '=', 1).execute();
    return {
      start: open.filter((run) => run.awaiting === 1).map((run) => ({ runId: run.id, jobId: run.job_id })),
      cancel: open.filter((run) => run.cancelling === 1).map((run) => run.id),
    };
  }

  async list(filter: { agentId?: number | undefined; jobId?: string | undefined; limit: number }): Promise<HubRunView[]> {
    let query = this.db.selectFrom('runs').innerJoin('agents', 'agents.id', 'runs.agent_id').selectAll('runs').select('agents.name as agent_name');
    if (filter.agentId !== undefined) query = query.where('runs.agent_id', '=', filter.agentId);
    if (filter.jobId !== undefined) query = query.where('runs.job_id', '=', filter.jobId);
    const rows = await query.orderBy('runs.queued_at', 'desc').orderBy('runs.id').limit(filter.limit).execute();
    return rows.map((row) => toView(row, row.agent_name));
  }

  async get(runId: string, limit: number): Promise<{ run: HubRunView; log: RunLogLine[] }> {
    const row = await this.row(runId);
    const agent = await this.db.selectFrom('agents').select('name').where('id', '=', row.agent_id).executeTakeFirstOrThrow();
    const lines = await this.db.selectFrom('run_logs').select(['at', 'level', 'message']).where('run_id', '=', runId).orderBy('id', 'desc').limit(limit).execute();
    return {
      run: toView(row, agent.name),
      log: lines.reverse().map((line) => ({ at: new Date(line.at).toISOString(), level: logEntrySchema.shape.level.parse(line.level), message: line.message })),
    };
  }

  private async row(runId: string): Promise<RunRow> {
    const row = await this.db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirst();
    if (row === undefined) throw new HoldfastError('not-found', `There is no run with the id "${runId}".`);
    return row;
  }
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const json = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

export function toRun(row: RunRow): Run {
  return {
    id: row.id, jobId: row.job_id, jobName: row.job_name,
    trigger: runTriggers.find((trigger) => trigger === row.trigger) ?? 'manual',
    state: runStateSchema.parse(row.state),
    queuedAt: new Date(row.queued_at).toISOString(), startedAt: iso(row.started_at), finishedAt: iso(row.finished_at),
    progress: runProgressSchema.nullable().parse(json(row.progress)),
    result: runResultSchema.nullable().parse(json(row.result)),
    error: errorShape.nullable().parse(json(row.error)),
  };
}

const toView = (row: RunRow, agentName: string): HubRunView =>
  ({ ...toRun(row), agentId: String(row.agent_id), agentName, awaitingAgent: row.awaiting === 1 });
