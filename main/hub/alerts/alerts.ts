/**
 * Watches for problems and tells of each once when it begins and once when it is over. What was told stands in the store, so a
 * restart forgets and repeats nothing; of several hub processes the one that holds the lease does the watching.
 *
 * A message is taken out of the store after the channel took it. A hub that dies in between sends it again: twice rather than never.
 */
import { asHoldfastError } from '../../shared/errors.js';
import { alertKinds, alertSettingsSchema, usualAlertSettings, type AlertSettings, type AlertView } from '../../shared/protocol/alerts.js';
import type { HubClock, HubLogger } from '../options.js';
import type { Database } from '../store/database.js';
import type { AlertRow } from '../store/schema.js';
import type { SecretBox } from '../store/sealed.js';
import { newId } from '../store/tokens.js';
import { Channels, kindOfChannel } from './channels.js';
import type { News, NewsItem } from './message.js';
import { lookForProblems, type StorageSpace } from './problems.js';
import { send, type DesktopNotice } from './send.js';

/** How often it looks, ms. */
export const lookEvery = 30_000;
const leaseFor = 3 * lookEvery;
/** After the hub came up, or the computer that it runs on woke, computers have this long to come back and tell, ms. */
export const settleWithin = 15 * 60_000;
/** A channel that fails waits: 30 s, doubled each time, up to an hour. After `giveUpAfter` failures its messages are dropped: a day and a half. */
const firstWait = 30_000;
const longestWait = 3_600_000;
const giveUpAfter = 40;
/** Messages under way have this long when the hub stops, ms. */
const closeWithin = 1_000;
/** So many go into one message at most; the next follows at once. */
const together = 500;
/** Alerts that are over are kept this long, ms. */
const keepFor = 90 * 86_400_000;

/** What only one of several hub processes may do at a time. */
export interface Leases {
  /** Takes or keeps the lease. False while another process has it. */
  lease(name: string, ms: number): Promise<boolean>;
}

export interface AlertPorts {
  readonly db: Database;
  readonly clock: HubClock;
  readonly logger: HubLogger;
  readonly leases: Leases;
  readonly secrets: SecretBox;
  readonly storage: StorageSpace;
  readonly hub: () => { readonly name: string; readonly url: string };
  readonly desktop: ((notice: DesktopNotice) => void) | null;
}

export class Alerts {
  readonly channels: Channels;
  private cancelTimer: () => void = () => undefined;
  private closed = false;
  private upSince: number;
  private lastLook: number;
  private looking: Promise<void> | null = null;
  private lookAgain = false;
  /** Channels that are being written to. A slow one holds up nobody else. */
  private readonly sending = new Map<string, Promise<void>>();

  constructor(private readonly ports: AlertPorts) {
    this.channels = new Channels(ports.db, ports.clock, ports.secrets, ports.desktop !== null);
    this.upSince = ports.clock.now();
    this.lastLook = this.upSince;
  }

  /** A hub inside the app tells by the desktop until its owner wants it otherwise. */
  async start(): Promise<void> {
    const { db, desktop } = this.ports;
    const foreign = await this.channels.sealAll();
    if (foreign.length > 0) this.ports.logger.log('warn', `This hub cannot tell anybody by ${foreign.map((name) => `"${name}"`).join(', ')}: another hub's secret key sealed it. Give all hubs on one database the same key (--secret-key).`);
    if (desktop !== null && (await db.selectFrom('alert_settings').select('id').executeTakeFirst()) === undefined) {
      await this.changeSettings({});
      await this.channels.create('This computer', { kind: 'desktop' });
    }
    this.plan();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelTimer();
    // What a slow server has not taken by then is sent after the next start.
    await Promise.race([Promise.all([this.looking, ...this.sending.values()]), new Promise<void>((resolve) => { this.ports.clock.after(closeWithin, resolve); })]);
  }

  /** Looks for problems and sets off the messages about them. One look at a time: who asks meanwhile has another one afterwards. */
  look(): Promise<void> {
    const now = this.ports.clock.now();
    // Nothing was seen for longer than it should be: this computer slept, and so did the tunnels.
    if (Math.abs(now - this.lastLook) > 4 * lookEvery) this.upSince = now;
    this.lastLook = now;
    if (this.looking === null) this.looking = this.lookOnce().finally(() => { this.looking = null; });
    else this.lookAgain = true;
    return this.looking;
  }

  private async lookOnce(): Promise<void> {
    do {
      this.lookAgain = false;
      if (!(await this.ports.leases.lease('alerts', leaseFor))) return;
      await this.compare(this.ports.clock.now());
      for (const { id, attempts } of await this.channels.withWork()) {
        if (this.sending.has(id)) continue;
        // Not waited for: a slow channel must hold up neither the others nor the next look.
        this.sending.set(id, this.empty(id, attempts).catch((error: unknown) => this.trouble(error)).finally(() => this.sending.delete(id)));
      }
    } while (this.lookAgain && !this.closed);
  }

  async list({ state, limit }: { state: 'open' | 'all'; limit: number }): Promise<AlertView[]> {
    let query = this.ports.db.selectFrom('alerts').selectAll();
    if (state === 'open') query = query.where('over_at', 'is', null);
    const rows = await query.orderBy((eb) => eb.case().when('over_at', 'is', null).then(0).else(1).end()).orderBy('opened_at', 'desc').orderBy('id').limit(limit).execute();
    return rows.map((row) => ({ id: row.id, kind: kindOf(row), title: row.title, text: row.text, openedAt: iso(row.opened_at), overAt: row.over_at === null ? null : iso(row.over_at) }));
  }

  async settings(): Promise<AlertSettings> {
    const row = await this.ports.db.selectFrom('alert_settings').selectAll().where('id', '=', 1).executeTakeFirst();
    return row === undefined ? usualAlertSettings : alertSettingsSchema.parse({ ...usualAlertSettings, ...parsed(row.settings) });
  }

  async changeSettings(change: { [K in keyof AlertSettings]?: AlertSettings[K] | undefined }): Promise<void> {
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const settings = JSON.stringify({ ...(await this.settings()), ...given });
    await this.ports.db.insertInto('alert_settings').values({ id: 1, settings }).onConflict((on) => on.column('id').doUpdateSet({ settings })).execute();
  }

  /** Sends a message through a channel that says what it is. @throws HoldfastError with the reason when it does not go out. */
  async test(id: string): Promise<void> {
    const channel = await this.channels.get(id);
    const at = iso(this.ports.clock.now());
    const item: NewsItem = {
      id: 'test', kind: 'job-overdue', state: 'open', title: `Test of "${channel.name}"`, text: 'You will be told of problems this way. Nothing is wrong.',
      agentId: null, jobId: null, openedAt: at, overAt: null,
    };
    await send(channel.config, { hub: this.ports.hub(), items: [item] }, this.ports);
    await this.channels.noteSent(id);
  }

  private plan(): void {
    if (this.closed) return;
    this.cancelTimer = this.ports.clock.after(lookEvery, () => {
      this.look().catch((error: unknown) => this.trouble(error));
      this.plan();
    });
  }

  /** Opens and ends alerts and puts a message for each channel beside them, all or nothing. */
  private async compare(now: number): Promise<void> {
    const { db, storage } = this.ports;
    const { problems, undecided } = await lookForProblems(db, storage, await this.settings(), now, now - this.upSince >= settleWithin);
    const wrong = new Map(problems.map((problem) => [problem.key, problem]));
    await db.transaction().execute(async (queries) => {
      const open = await queries.selectFrom('alerts').selectAll().where('over_at', 'is', null).execute();
      const known = new Set(open.map((alert) => alert.key));
      const over = open.filter(({ key }) => !wrong.has(key) && !undecided.has(key)).map(({ id }) => id);
      const fresh: AlertRow[] = [...wrong.values()].filter(({ key }) => !known.has(key)).map(({ key, kind, title, text, agentId, jobId }) =>
        ({ id: newId(), key, kind, title, text, agent_id: agentId, job_id: jobId, opened_at: now, over_at: null }));
      for (const part of parts(fresh)) await queries.insertInto('alerts').values(part).execute();
      for (const part of parts(over)) await queries.updateTable('alerts').set({ over_at: now }).where('id', 'in', part).execute();
      const channels = await queries.selectFrom('alert_channels').select(['id', 'config']).where('enabled', '=', 1).execute();
      // On a hub for one computer only, the app that holds it tells of its runs by itself.
      const alone = Number((await queries.selectFrom('agents').select((eb) => eb.fn.countAll<number>().as('n')).where('deleted_at', 'is', null).executeTakeFirstOrThrow()).n) <= 1;
      const runs = new Set([...fresh, ...open].filter(({ kind }) => kind === 'job-failed').map(({ id }) => id));
      const news = [...fresh.map(({ id }) => ({ alert_id: id, state: 'open' })), ...over.map((id) => ({ alert_id: id, state: 'over' }))];
      for (const { id, config } of channels) {
        const forThis = alone && kindOfChannel(config) === 'desktop' ? news.filter((message) => !runs.has(message.alert_id)) : news;
        for (const part of parts(forThis)) await queries.insertInto('alert_messages').values(part.map((message) => ({ channel_id: id, ...message }))).execute();
      }
      await queries.deleteFrom('alerts').where('over_at', '<', now - keepFor).where('id', 'not in', (eb) => eb.selectFrom('alert_messages').select('alert_id')).execute();
    });
  }

  /** Sends what waits for a channel. */
  private async empty(id: string, attempts: number): Promise<void> {
    const { clock, db, leases } = this.ports;
    for (;;) {
      const waiting = await db.selectFrom('alert_messages').innerJoin('alerts', 'alerts.id', 'alert_messages.alert_id').selectAll('alerts')
        .select(['alert_messages.id as message_id', 'alert_messages.state']).where('channel_id', '=', id).orderBy('alert_messages.id').limit(together).execute();
      if (waiting.length === 0 || this.closed || !(await leases.lease('alerts', leaseFor))) return;
      const ids = waiting.map((row) => row.message_id);
      try {
        const { config } = await this.channels.get(id);
        await send(config, this.news(waiting), this.ports);
      } catch (thrown) {
        const error = asHoldfastError(thrown);
        const failures = attempts + 1;
        this.ports.logger.log('warn', `An alert could not be sent: ${error.message}`);
        if (failures >= giveUpAfter) await this.drop(ids);
        await this.channels.noteFailed(id, error.message, failures >= giveUpAfter ? 0 : failures, clock.now() + Math.min(firstWait * 2 ** (failures - 1), longestWait));
        return;
      }
      await this.drop(ids);
      await this.channels.noteSent(id);
    }
  }

  private async drop(ids: readonly number[]): Promise<void> {
    await this.ports.db.deleteFrom('alert_messages').where('id', 'in', ids).execute();
  }

  private news(rows: readonly (AlertRow & { state: string })[]): News {
    const items = rows.map((row): NewsItem => ({
      id: row.id, kind: kindOf(row), state: row.state === 'over' ? 'over' : 'open', title: row.title, text: row.text,
      agentId: row.agent_id === null ? null : String(row.agent_id), jobId: row.job_id, openedAt: iso(row.opened_at), overAt: row.state === 'over' && row.over_at !== null ? iso(row.over_at) : null,
    }));
    return { hub: this.ports.hub(), items };
  }

  private trouble(error: unknown): void {
    if (!this.closed) this.ports.logger.log('error', `The hub could not look for problems: ${asHoldfastError(error).message}`);
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
const kindOf = (row: Pick<AlertRow, 'kind'>): (typeof alertKinds)[number] => alertKinds.find((kind) => kind === row.kind) ?? 'job-failed';
const parsed = (text: string): object => {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? value : {};
};

/** Below the limit on parameters of both databases. */
function parts<T>(all: readonly T[]): T[][] {
  const size = 500;
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}
