/** Lists of computers and jobs with their status, computed by the reducer that all screens share from what the hub knows. */
import { z } from 'zod';
import { heldJobSchema, type HeldJob } from '../../shared/consent.js';
import type { DrillFacts } from '../../shared/drill.js';
import { errorShape } from '../../shared/error-shape.js';
import { runResultSchema, runStateSchema, type Job } from '../../shared/model.js';
import type { AgentView, HubJobView } from '../../shared/protocol/admin.js';
import { computerStatus, jobStatus, type JobFacts } from '../../shared/status.js';
import { copyFactsOf, toJob } from '../jobs/jobs.js';
import type { HubClock } from '../options.js';
import type { Database } from '../store/database.js';
import type { Agents, AgentsWish, StoredAgent } from './agents.js';

export interface Presence {
  online(): Promise<ReadonlySet<number>>;
}

export class Overview {
  constructor(private readonly db: Database, private readonly clock: HubClock, private readonly agents: Agents, private readonly presence: Presence) {}

  async listAgents(wish: AgentsWish = {}): Promise<AgentView[]> {
    const [agents, online] = await Promise.all([this.agents.list(wish), this.presence.online()]);
    const query = factsQuery(this.db);
    // A page of them asks for the jobs of that page only.
    const jobs = await (wish.limit === undefined ? query : query.where('jobs.agent_id', 'in', agents.map(({ id }) => id))).execute();
    const byAgent = new Map<number, FactRow[]>(agents.map((agent) => [agent.id, []]));
    for (const job of jobs) byAgent.get(job.agent_id)?.push(job);
    return agents.map((agent) => this.agentView(agent, byAgent.get(agent.id) ?? [], online.has(agent.id)));
  }

  async listJobs(agentId: number | undefined): Promise<HubJobView[]> {
    const now = this.clock.now();
    const query = factsQuery(this.db).select(['jobs.definition', 'jobs.created_at', 'runs.result as run_result']);
    const [rows, online] = await Promise.all([(agentId === undefined ? query : query.where('jobs.agent_id', '=', agentId)).execute(), this.presence.online()]);
    return rows.map((row) => {
      const job: Job = toJob(row);
      const held = heldOf(row);
      const { status, reason, lastGoodAt } = jobStatus(this.facts(row, online.has(row.agent_id)), now);
      return {
        ...job, agentName: row.agent_name, status, reason, lastGoodAt,
        nextRunAt: row.due_at === null || job.paused ? null : new Date(Math.max(row.due_at, 0)).toISOString(),
        lastRun: row.run_id === null || row.run_state === null ? null : {
          id: row.run_id,
          state: runStateSchema.parse(row.run_state),
          snapshotId: row.run_result === null ? null : runResultSchema.parse(JSON.parse(row.run_result)).snapshotId,
          error: errorOf(row.run_error),
          finishedAt: row.run_finished_at === null ? null : new Date(row.run_finished_at).toISOString(),
        },
        held: held === null ? null : { state: held.state, reason: held.reason },
      };
    });
  }

  private agentView(agent: StoredAgent, jobs: readonly FactRow[], online: boolean): AgentView {
    const now = this.clock.now();
    const report = computerStatus({ jobs: jobs.map((job) => this.facts(job, online)), paused: null }, now);
    const lastSeen = online ? now : agent.last_seen_at;
    return {
      id: String(agent.id), name: agent.name, registeredAt: new Date(agent.registered_at).toISOString(),
      online, lastSeenAt: lastSeen === null ? null : new Date(lastSeen).toISOString(),
      status: report.status, reason: report.reason, lastGoodAt: report.lastGoodAt,
      host: agent.host, os: agent.os, arch: agent.arch, version: agent.version, jobs: jobs.length,
    };
  }

  private facts(row: FactRow, online: boolean): JobFacts {
    return {
      jobId: row.id, name: row.name, paused: row.paused === 1, lastGoodAt: row.last_good_at,
      lastRun: row.run_state === null ? null : { state: runStateSchema.parse(row.run_state), result: { unreadableCount: row.run_unreadable ?? 0 }, error: errorOf(row.run_error) },
      dueAt: row.due_at, interval: row.interval_ms,
      waitingFor: waitingFor(heldOf(row), online),
      drills: drillFacts(row),
      copies: copyFactsOf(row),
    };
  }
}

/** What its computer's owner has not allowed of a job. */
function heldOf({ held, id }: Pick<FactRow, 'held' | 'id'>): HeldJob | null {
  return held === null ? null : z.array(heldJobSchema).parse(JSON.parse(held)).find(({ jobId }) => jobId === id) ?? null;
}

function waitingFor(held: HeldJob | null, online: boolean): string | null {
  if (held?.state === 'waiting') return 'it waits for a yes on that computer';
  if (held?.state === 'refused') return 'it was refused on that computer';
  return online ? null : 'the computer is not connected';
}

function drillFacts({ drill_outcome: outcome, drill_reason: reason, drilled_at: at, proven_at: provenAt }: FactRow): DrillFacts {
  const known = outcome === 'proven' || outcome === 'partly' || outcome === 'failed' ? outcome : null;
  return { provenAt, last: known === null || at === null ? null : { at, outcome: known, reason } };
}

/** What the status of a job is made from, and nothing that has to be parsed: this runs for ten thousand of them. */
const factsQuery = (db: Database) => db.selectFrom('jobs').innerJoin('agents', 'agents.id', 'jobs.agent_id').leftJoin('runs', 'runs.id', 'jobs.last_run_id')
  .select(['jobs.id', 'jobs.agent_id', 'jobs.name', 'jobs.paused', 'jobs.last_good_at', 'jobs.due_at', 'jobs.interval_ms', 'jobs.proven_at', 'jobs.drilled_at', 'jobs.drill_outcome', 'jobs.drill_reason', 'jobs.copies'])
  .select(['agents.name as agent_name', 'agents.held', 'runs.id as run_id', 'runs.state as run_state', 'runs.unreadable as run_unreadable', 'runs.error as run_error', 'runs.finished_at as run_finished_at'])
  .where('jobs.deleted_at', 'is', null)
  .orderBy('jobs.created_at').orderBy('jobs.id');
type FactRow = Awaited<ReturnType<ReturnType<typeof factsQuery>['execute']>>[number];

const errorOf = (text: string | null): ReturnType<typeof errorShape.parse> | null => (text === null ? null : errorShape.parse(JSON.parse(text)));
