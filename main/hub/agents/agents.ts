/** The computers of this hub and the tokens that identify them. */
import { sql } from 'kysely';
import type { HeldJob } from '../../shared/consent.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Hello } from '../../shared/protocol/messages.js';
import { parseToken } from '../../shared/protocol/token.js';
import type { HubClock } from '../options.js';
import type { Signals } from '../signals.js';
import type { Database, Queries } from '../store/database.js';
import type { GroupCommit } from '../store/group-commit.js';
import type { AgentRow } from '../store/schema.js';
import { hashSecret, newSecret, secretMatches } from '../store/tokens.js';

export type StoredAgent = Omit<AgentRow, 'id'> & { id: number };

export interface AgentsWish {
  readonly search?: string | undefined;
  /** At most so many, after the first `offset`; all of them when absent. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

export class Agents {
  constructor(private readonly db: Database, private readonly clock: HubClock, private readonly signals: Signals, private readonly commits: GroupCommit) {}

  /** A new computer with a token of its own; the token is not kept and cannot be asked for again. The name gets a number where it is taken. */
  async create(wanted: string, queries: Queries = this.db): Promise<{ id: number; name: string; token: string }> {
    const secret = newSecret();
    const name = await this.freeName(wanted, queries);
    const { id } = await queries.insertInto('agents')
      .values({ name, secret_hash: hashSecret(secret), registered_at: this.clock.now(), jobs_revision: 0, acked_seq: 0 })
      .returning('id').executeTakeFirstOrThrow();
    return { id, name, token: `${id}|${secret}` };
  }

  /** Whose token is it? A wrong secret for a known id is `unknown`, like any other made-up token. */
  async authenticate(text: string): Promise<{ agent: StoredAgent } | 'unknown' | 'removed'> {
    const token = parseToken(text);
    if (token === null) return 'unknown';
    const agent = await this.db.selectFrom('agents').selectAll().where('id', '=', token.id).executeTakeFirst();
    if (agent === undefined || !secretMatches(token.secret, agent.secret_hash)) return 'unknown';
    return agent.deleted_at === null ? { agent } : 'removed';
  }

  /** @throws HoldfastError `not-found`, also for one that was deleted. */
  async get(id: string, queries: Queries = this.db): Promise<StoredAgent> {
    const number = /^[1-9]\d{0,14}$/.test(id) ? Number(id) : -1;
    const agent = await queries.selectFrom('agents').selectAll().where('id', '=', number).where('deleted_at', 'is', null).executeTakeFirst();
    if (agent === undefined) throw new HoldfastError('not-found', `There is no computer with the id "${id}". "holdfast agents list" shows them all.`);
    return agent;
  }

  /** By name; with `search`, those with this text in their own name or in their computer's. */
  list({ search, limit, offset }: AgentsWish = {}): Promise<StoredAgent[]> {
    let query = this.db.selectFrom('agents').selectAll().where('deleted_at', 'is', null).orderBy('name').orderBy('id');
    if (search !== undefined && search !== '') {
      const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
      query = query.where((eb) => eb.or([sql<boolean>`lower(name) like ${pattern} escape '\\'`, sql<boolean>`lower(host) like ${pattern} escape '\\'`]));
    }
    if (limit !== undefined) query = query.limit(limit).offset(offset ?? 0);
    return query.execute();
  }

  async count(): Promise<number> {
    const { n } = await this.db.selectFrom('agents').where('deleted_at', 'is', null).select((eb) => eb.fn.countAll<number>().as('n')).executeTakeFirstOrThrow();
    return Number(n);
  }

  async rename(id: string, name: string): Promise<void> {
    const agent = await this.get(id);
    await this.db.updateTable('agents').set({ name }).where('id', '=', agent.id).execute();
  }

  /** Its jobs go with it; runs stay as history. Its connection ends at once and its token is refused from now on. */
  async delete(id: string): Promise<{ id: string; name: string }[]> {
    const agent = await this.get(id);
    const now = this.clock.now();
    const jobs = await this.db.transaction().execute(async (queries) => {
      const gone = await queries.updateTable('jobs').set({ deleted_at: now })
        .where('agent_id', '=', agent.id).where('deleted_at', 'is', null).returning(['id', 'name']).execute();
      await queries.updateTable('agents').set({ deleted_at: now }).where('id', '=', agent.id).execute();
      await queries.updateTable('runs').set({ state: 'cancelled', finished_at: now, awaiting: 0 })
        .where('agent_id', '=', agent.id).where('state', 'in', ['queued', 'running']).execute();
      return gone;
    });
    this.signals.publish(agent.id, 'removed');
    return jobs;
  }

  /** Takes note of what an agent says of itself. @returns the last event of its journal that is stored here. */
  async greet(agent: StoredAgent, hello: Hello): Promise<{ ackedSeq: number; jobsRevision: number }> {
    const said = { host: hello.host, os: hello.os, arch: hello.arch, version: hello.version, timezone: hello.timezone ?? null };
    const isNews = (Object.keys(said) as (keyof typeof said)[]).some((key) => said[key] !== agent[key]);
    // Most agents come back as they left, and when ten thousand do so at once, nothing of it needs to be written.
    if (!isNews && agent.journal_id === hello.journalId) {
      const now = await this.db.selectFrom('agents').select(['acked_seq', 'jobs_revision', 'journal_id']).where('id', '=', agent.id).executeTakeFirstOrThrow();
      if (now.journal_id === hello.journalId) return { ackedSeq: now.acked_seq, jobsRevision: now.jobs_revision };
    }
    return this.commits.write(async (queries) => {
      const before = await queries.selectFrom('agents').select('journal_id').where('id', '=', agent.id).executeTakeFirstOrThrow();
      const newJournal = before.journal_id !== hello.journalId;
      if (newJournal && before.journal_id !== null) {
        // What the old journal still held is lost with it: runs that it had begun to tell of end here.
        await queries.updateTable('runs').set({ state: 'interrupted', finished_at: this.clock.now(), progress: null })
          .where('agent_id', '=', agent.id).where('awaiting', '=', 0).where('state', 'in', ['queued', 'running']).execute();
      }
      const after = await queries.updateTable('agents').set({ ...said, last_seen_at: this.clock.now(), ...(newJournal ? { journal_id: hello.journalId, acked_seq: 0 } : {}) })
        .where('id', '=', agent.id).returning(['acked_seq', 'jobs_revision']).executeTakeFirstOrThrow();
      return { ackedSeq: after.acked_seq, jobsRevision: after.jobs_revision };
    });
  }

  /** Which jobs the owner of that computer holds back. Most agents come back with the same as before, and then nothing is written. */
  async noteHeld(agent: StoredAgent, held: readonly HeldJob[]): Promise<void> {
    const text = held.length === 0 ? null : JSON.stringify(held);
    const before = await this.db.selectFrom('agents').select('held').where('id', '=', agent.id).executeTakeFirstOrThrow();
    if (before.held !== text) await this.db.updateTable('agents').set({ held: text }).where('id', '=', agent.id).execute();
  }

  async seen(ids: readonly number[]): Promise<void> {
    const now = this.clock.now();
    // Below SQLite's limit on parameters.
    for (let from = 0; from < ids.length; from += 5_000) {
      await this.db.updateTable('agents').set({ last_seen_at: now }).where('id', 'in', ids.slice(from, from + 5_000)).execute();
    }
  }

  private async freeName(wanted: string, queries: Queries): Promise<string> {
    for (let n = 1; ; n += 1) {
      const name = n === 1 ? wanted : `${wanted.slice(0, 110)} (${n})`;
      const taken = await queries.selectFrom('agents').select('id').where('name', '=', name).where('deleted_at', 'is', null).executeTakeFirst();
      if (taken === undefined) return name;
    }
  }
}
