/**
 * Hub processes that share a PostgreSQL database. The table `connections` says which process has which agent; what cannot wait
 * goes by LISTEN and NOTIFY. A process that does not answer within three seconds has lost its claim. If it lives after all, it
 * can do no harm: events are stored only by the connection that knows the last number (see runs/ingest.ts).
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import type { HubClock, HubLogger } from '../options.js';
import type { Signal } from '../signals.js';
import type { Database } from '../store/database.js';
import type { Cluster, Holder } from './cluster.js';

const channel = 'holdfast_hub';
/** The holder asks its agent for up to 2 s; one more for the way, ms. */
const answerWithin = 3_000;
const heartbeatEvery = 5_000;
/** A process not seen for this long is gone, and so are its agents, ms. */
const goneAfter = 20_000;
const reconnectAfter = 1_000;

const noteSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('signal'), agent: z.number().int(), signal: z.enum(['jobs', 'orders', 'removed']) }),
  z.object({ kind: z.literal('probe'), to: z.string(), from: z.string(), agent: z.number().int(), nonce: z.string() }),
  z.object({ kind: z.literal('answer'), to: z.string(), nonce: z.string(), alive: z.boolean() }),
  z.object({ kind: z.literal('taken'), to: z.string(), agent: z.number().int() }),
]);
type Note = z.infer<typeof noteSchema>;

/** The database's own clock: the processes' clocks may differ. */
const databaseNow = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

export interface PostgresClusterOptions {
  readonly url: string;
  readonly db: Database;
  readonly clock: HubClock;
  readonly logger: HubLogger;
}

export async function postgresCluster(options: PostgresClusterOptions): Promise<Cluster> {
  const cluster = new PostgresCluster(options);
  await cluster.start();
  return cluster;
}

class PostgresCluster implements Cluster {
  private readonly id = randomUUID();
  private holder: Holder | null = null;
  private readonly listeners: ((agentId: number, signal: Signal) => void)[] = [];
  private readonly asked = new Map<string, (alive: boolean) => void>();
  /** Claims and releases of one agent happen one after the other. */
  private readonly queues = new Map<number, Promise<unknown>>();
  private client: pg.Client | null = null;
  private closed = false;
  private cancelHeartbeat: () => void = () => undefined;
  private cancelReconnect: () => void = () => undefined;

  constructor(private readonly options: PostgresClusterOptions) {}

  async start(): Promise<void> {
    await this.listen();
    await this.heartbeat();
  }

  serve(holder: Holder): void {
    this.holder = holder;
  }

  subscribe(listener: (agentId: number, signal: Signal) => void): void {
    this.listeners.push(listener);
  }

  publish(agentId: number, signal: Signal): void {
    void this.notify({ kind: 'signal', agent: agentId, signal });
  }

  claim(agentId: number): Promise<boolean> {
    return this.inTurn(agentId, () => this.tryClaim(agentId));
  }

  release(agentId: number): void {
    void this.inTurn(agentId, async () => {
      // A newer connection may have come while this waited for its turn.
      if (this.holder?.holds(agentId) === true) return;
      await this.options.db.deleteFrom('connections').where('agent_id', '=', agentId).where('hub_id', '=', this.id).execute();
    }).catch((error: unknown) => this.trouble(error));
  }

  async online(): Promise<ReadonlySet<number>> {
    const rows = await this.options.db.selectFrom('connections').innerJoin('hubs', 'hubs.id', 'connections.hub_id').select('agent_id')
      .where('hubs.seen_at', '>', sql<number>`${databaseNow} - ${sql.lit(goneAfter)}`).execute();
    return new Set(rows.map((row) => row.agent_id));
  }

  async lease(name: string, ms: number): Promise<boolean> {
    const until = sql<number>`${databaseNow} + ${sql.lit(ms)}`;
    const mine = await this.options.db.insertInto('leases').values({ name, hub_id: this.id, until })
      .onConflict((on) => on.column('name').doUpdateSet({ hub_id: this.id, until })
        .where((eb) => eb.or([eb('leases.hub_id', '=', this.id), eb('leases.until', '<', databaseNow)])))
      .returning('name').executeTakeFirst();
    return mine !== undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelHeartbeat();
    this.cancelReconnect();
    await Promise.allSettled(this.queues.values());
    const { db } = this.options;
    await db.deleteFrom('connections').where('hub_id', '=', this.id).execute().catch(() => undefined);
    await db.deleteFrom('leases').where('hub_id', '=', this.id).execute().catch(() => undefined);
    await db.deleteFrom('hubs').where('id', '=', this.id).execute().catch(() => undefined);
    await this.client?.end().catch(() => undefined);
  }

  private async tryClaim(agentId: number): Promise<boolean> {
    const { db } = this.options;
    for (let attempt = 0; attempt < 3 && !this.closed; attempt += 1) {
      const mine = await db.insertInto('connections').values({ agent_id: agentId, hub_id: this.id })
        .onConflict((conflict) => conflict.column('agent_id').doUpdateSet({ hub_id: this.id }).where('connections.hub_id', '=', this.id))
        .returning('agent_id').executeTakeFirst();
      if (mine !== undefined) return true;
      const owner = await db.selectFrom('connections').select('hub_id').where('agent_id', '=', agentId).executeTakeFirst();
      if (owner === undefined) continue;
      if (await this.isAliveAt(owner.hub_id, agentId)) return false;
      const moved = await db.updateTable('connections').set({ hub_id: this.id }).where('agent_id', '=', agentId).where('hub_id', '=', owner.hub_id).executeTakeFirst();
      if (Number(moved.numUpdatedRows) === 1) {
        await this.notify({ kind: 'taken', to: owner.hub_id, agent: agentId });
        return true;
      }
    }
    return false;
  }

  private async isAliveAt(hubId: string, agentId: number): Promise<boolean> {
    const nonce = randomUUID();
    const answer = new Promise<boolean>((resolve) => {
      const settle = (alive: boolean): void => {
        cancel();
        this.asked.delete(nonce);
        resolve(alive);
      };
      const cancel = this.options.clock.after(answerWithin, () => settle(false));
      this.asked.set(nonce, settle);
    });
    await this.notify({ kind: 'probe', to: hubId, from: this.id, agent: agentId, nonce });
    return answer;
  }

  private async notify(note: Note): Promise<void> {
    try {
      await sql`select pg_notify(${channel}, ${JSON.stringify(note)})`.execute(this.options.db);
    } catch (error) {
      this.trouble(error);
    }
  }

  private received(payload: string): void {
    const note = parse(payload);
    if (note === null || this.closed) return;
    if (note.kind === 'signal') {
      for (const listener of this.listeners) listener(note.agent, note.signal);
    } else if (note.to !== this.id) {
      return;
    } else if (note.kind === 'answer') {
      this.asked.get(note.nonce)?.(note.alive);
    } else if (note.kind === 'taken') {
      this.holder?.taken(note.agent);
    } else {
      const alive = this.holder?.isAlive(note.agent) ?? Promise.resolve(false);
      void alive.then((is) => this.notify({ kind: 'answer', to: note.from, nonce: note.nonce, alive: is }));
    }
  }

  private async listen(): Promise<void> {
    const client = new pg.Client({ connectionString: this.options.url, application_name: 'holdfast-hub-listen', keepAlive: true, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined); // `end` follows
    client.on('notification', ({ payload }) => this.received(payload ?? ''));
    await client.connect();
    await client.query(`listen ${channel}`);
    client.on('end', () => this.lost());
    this.client = client;
  }

  /** The line to the others is down: open it again, and look at everything that may have been said meanwhile. */
  private lost(): void {
    if (this.closed) return;
    this.client = null;
    this.cancelReconnect = this.options.clock.after(reconnectAfter, () => {
      this.listen().then(() => this.holder?.tellAll(), (error: unknown) => {
        this.trouble(error);
        this.lost();
      });
    });
  }

  private async heartbeat(): Promise<void> {
    const { db, clock } = this.options;
    try {
      await db.insertInto('hubs').values({ id: this.id, seen_at: databaseNow }).onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at: databaseNow })).execute();
      const gone = await db.deleteFrom('hubs').where('seen_at', '<', sql<number>`${databaseNow} - ${sql.lit(3 * goneAfter)}`).returning('id').execute();
      if (gone.length > 0) await db.deleteFrom('connections').where('hub_id', 'in', gone.map((hub) => hub.id)).execute();
    } catch (error) {
      this.trouble(error);
    }
    if (!this.closed) this.cancelHeartbeat = clock.after(heartbeatEvery, () => void this.heartbeat());
  }

  private inTurn<T>(agentId: number, work: () => Promise<T>): Promise<T> {
    const turn = (this.queues.get(agentId) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.queues.set(agentId, turn);
    const clear = (): void => {
      if (this.queues.get(agentId) === turn) this.queues.delete(agentId);
    };
    turn.then(clear, clear);
    return turn;
  }

  private trouble(error: unknown): void {
    if (!this.closed) this.options.logger.log('error', `The database does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parse(payload: string): Note | null {
  try {
    const parsed = noteSchema.safeParse(JSON.parse(payload));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
