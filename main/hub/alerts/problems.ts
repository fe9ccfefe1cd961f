/** What is wrong at the moment, read from the store. Nothing is remembered here: whoever asks compares with what was known. */
import type { alertKinds, AlertSettings } from '../../shared/protocol/alerts.js';
import { ageText } from '../../shared/text.js';
import { errorShape } from '../../shared/error-shape.js';
import type { Database } from '../store/database.js';

export interface Problem {
  /** The same for as long as it is the same problem. */
  readonly key: string;
  readonly kind: (typeof alertKinds)[number];
  readonly title: string;
  readonly text: string;
  /** What it is about: the computer and, where there is one, the job. */
  readonly agentId: number | null;
  readonly jobId: string | null;
}

export interface Look {
  readonly problems: readonly Problem[];
  /** Keys of which nothing can be said just now, such as those of a job whose next run is under way: they stay as they are. */
  readonly undecided: ReadonlySet<string>;
}

/** How full hub storage is; null while it is not offered or cannot be measured. Bytes. */
export interface StorageSpace {
  space(): Promise<{ readonly used: number; readonly limit: number } | null>;
}

const day = 86_400_000;
const hour = 3_600_000;

/**
 * @param now ms since the epoch. @param settled false while computers may not have had the time to tell of what they did: right
 *   after the hub came up, nothing can be said of silence.
 */
export async function lookForProblems(db: Database, storage: StorageSpace, settings: AlertSettings, now: number, settled: boolean): Promise<Look> {
  const undecided = new Set<string>();
  const problems = await failedJobs(db, undecided);
  const silent = [...(await overdueJobs(db, settings, now)), ...(await goneAgents(db, settings, now))];
  if (settled) problems.push(...silent);
  // What was silent before the hub came up may still be so; what is not any more has come back.
  else for (const problem of silent) undecided.add(problem.key);
  problems.push(...(await fullStorage(storage, settings)));
  return { problems, undecided };
}

const jobs = (db: Database) => db.selectFrom('jobs').innerJoin('agents', 'agents.id', 'jobs.agent_id')
  .select(['jobs.id', 'jobs.name', 'jobs.agent_id', 'jobs.last_good_at', 'agents.name as agent_name', 'agents.last_seen_at'])
  .where('jobs.deleted_at', 'is', null).where('agents.deleted_at', 'is', null).where('jobs.paused', '=', 0);

async function overdueJobs(db: Database, { overdueAfterHours }: AlertSettings, now: number): Promise<Problem[]> {
  const late = await jobs(db).where('jobs.due_at', '<', now - overdueAfterHours * hour)
    .where((eb) => eb(eb('jobs.due_at', '+', eb.fn.coalesce('jobs.interval_ms', eb.lit(0))), '<', now)).execute();
  return late.map((job) => {
    const last = job.last_good_at === null ? 'There is no backup yet' : `The last backup was ${ageText(now - job.last_good_at)}`;
    const seen = job.last_seen_at === null ? 'was never connected' : now - job.last_seen_at < 2 * 60_000 ? 'is connected' : `was last connected ${ageText(now - job.last_seen_at)}`;
    return {
      key: `overdue ${job.id}`, kind: 'job-overdue', agentId: job.agent_id, jobId: job.id,
      title: `"${job.name}" on ${job.agent_name} is overdue`, text: `${last}. The computer ${seen}.`,
    };
  });
}

/** A run that was cancelled, interrupted or is under way neither opens nor ends anything: the next one that ends will tell. */
async function failedJobs(db: Database, undecided: Set<string>): Promise<Problem[]> {
  const rows = await jobs(db).innerJoin('runs', 'runs.id', 'jobs.last_run_id').select(['runs.state', 'runs.error'])
    .where('runs.state', 'in', ['failed', 'queued', 'running', 'cancelled', 'interrupted']).execute();
  const problems: Problem[] = [];
  for (const job of rows) {
    const key = `failed ${job.id}`;
    if (job.state !== 'failed') {
      undecided.add(key);
      continue;
    }
    const error = job.error === null ? null : errorShape.safeParse(JSON.parse(job.error));
    const why = error?.success === true ? error.data.message : 'The computer gave no reason.';
    problems.push({ key, kind: 'job-failed', agentId: job.agent_id, jobId: job.id, title: `"${job.name}" on ${job.agent_name} failed`, text: why });
  }
  return problems;
}

async function goneAgents(db: Database, { goneAfterDays }: AlertSettings, now: number): Promise<Problem[]> {
  const limit = now - goneAfterDays * day;
  const rows = await db.selectFrom('agents').select(['id', 'name', 'last_seen_at', 'registered_at']).where('deleted_at', 'is', null)
    .where((eb) => eb(eb.fn.coalesce('last_seen_at', 'registered_at'), '<', limit)).execute();
  return rows.map(({ id, name, last_seen_at: seen, registered_at: registered }) => ({
    key: `gone ${id}`, kind: 'agent-gone', agentId: id, jobId: null, title: `${name} is gone`,
    text: seen === null ? `It was added ${ageText(now - registered)} and has not connected since.` : `It was last connected ${ageText(now - seen)}.`,
  }));
}

async function fullStorage(storage: StorageSpace, { storageFullPercent }: AlertSettings): Promise<Problem[]> {
  const space = await storage.space();
  if (space === null || space.limit <= 0 || space.used * 100 < storageFullPercent * space.limit) return [];
  const percent = Math.min(100, Math.floor((space.used * 100) / space.limit));
  return [{ key: 'storage', kind: 'storage-full', agentId: null, jobId: null, title: 'Hub storage is nearly full', text: `${percent} percent of its space are used. Give it more, or forget old snapshots.` }];
}
