/**
 * The ways to be told, as the owner set them up. What a channel needs to be used (a password, the address of a webhook) is kept
 * in the hub's own database, which only its user may read, and is never given out again.
 */
import { HoldfastError } from '../../shared/errors.js';
import { channelConfigSchema, type ChannelConfig, type ChannelView } from '../../shared/protocol/alerts.js';
import type { HubClock } from '../options.js';
import type { Database } from '../store/database.js';
import type { AlertChannelRow } from '../store/schema.js';
import { newId } from '../store/tokens.js';

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly config: ChannelConfig;
}

/** An alert system that everybody can fill is none. */
const maxChannels = 50;

export class Channels {
  /** @param hasDesktop whether this hub is part of an app with a desktop. */
  constructor(private readonly db: Database, private readonly clock: Pick<HubClock, 'now'>, private readonly hasDesktop: boolean) {}

  async list(): Promise<ChannelView[]> {
    const rows = await this.db.selectFrom('alert_channels').selectAll('alert_channels')
      .select((eb) => eb.selectFrom('alert_messages').select((inner) => inner.fn.countAll<number>().as('n'))
        .whereRef('alert_messages.channel_id', '=', 'alert_channels.id').as('waiting'))
      .orderBy('created_at').orderBy('id').execute();
    return rows.map((row) => {
      const config = configOf(row);
      return {
        id: row.id, name: row.name, kind: config.kind, target: targetOf(config), enabled: row.enabled === 1,
        lastSentAt: row.last_sent_at === null ? null : new Date(row.last_sent_at).toISOString(), lastError: row.last_error, waiting: Number(row.waiting ?? 0),
      };
    });
  }

  /** @throws HoldfastError `usage` for one that would give its secret away or cannot work here. */
  async create(name: string, config: ChannelConfig): Promise<string> {
    this.check(config);
    const { n } = await this.db.selectFrom('alert_channels').select((eb) => eb.fn.countAll<number>().as('n')).executeTakeFirstOrThrow();
    if (Number(n) >= maxChannels) throw new HoldfastError('usage', `A hub has at most ${maxChannels} ways to be told. Remove one first.`);
    const id = newId();
    await this.db.insertInto('alert_channels')
      .values({ id, name, config: JSON.stringify(config), enabled: 1, created_at: this.clock.now(), last_sent_at: null, last_error: null, attempts: 0, next_at: 0 }).execute();
    return id;
  }

  /** A message that waits for a channel which is switched off is dropped: by the time it is on again, it is no news. */
  async update(id: string, change: { name?: string | undefined; enabled?: boolean | undefined; config?: ChannelConfig | undefined }): Promise<void> {
    const row = await this.row(id);
    if (change.config !== undefined) {
      this.check(change.config);
      if (change.config.kind !== configOf(row).kind) throw new HoldfastError('usage', 'A channel stays of its kind. Remove it and add another.');
    }
    await this.db.updateTable('alert_channels').set({
      name: change.name ?? row.name, enabled: (change.enabled ?? row.enabled === 1) ? 1 : 0,
      ...(change.config === undefined ? {} : { config: JSON.stringify(change.config) }), attempts: 0, next_at: 0, last_error: null,
    }).where('id', '=', id).execute();
    if (change.enabled === false) await this.db.deleteFrom('alert_messages').where('channel_id', '=', id).execute();
  }

  async remove(id: string): Promise<void> {
    await this.row(id);
    await this.db.deleteFrom('alert_messages').where('channel_id', '=', id).execute();
    await this.db.deleteFrom('alert_channels').where('id', '=', id).execute();
  }

  async get(id: string): Promise<Channel> {
    const row = await this.row(id);
    return { id: row.id, name: row.name, config: configOf(row) };
  }

  /** Those with something to send whose turn it is. */
  async withWork(): Promise<(Channel & { readonly attempts: number })[]> {
    const rows = await this.db.selectFrom('alert_channels').selectAll().where('enabled', '=', 1).where('next_at', '<=', this.clock.now())
      .where('id', 'in', (eb) => eb.selectFrom('alert_messages').select('channel_id')).execute();
    return rows.map((row) => ({ id: row.id, name: row.name, config: configOf(row), attempts: row.attempts }));
  }

  async noteSent(id: string): Promise<void> {
    await this.db.updateTable('alert_channels').set({ last_sent_at: this.clock.now(), last_error: null, attempts: 0, next_at: 0 }).where('id', '=', id).execute();
  }

  async noteFailed(id: string, message: string, attempts: number, nextAt: number): Promise<void> {
    await this.db.updateTable('alert_channels').set({ last_error: message, attempts, next_at: nextAt }).where('id', '=', id).execute();
  }

  private check(config: ChannelConfig): void {
    if (config.kind === 'desktop' && !this.hasDesktop) throw new HoldfastError('usage', 'This hub has no desktop: it does not run inside the app. Choose email or a webhook.');
    if (config.kind === 'email') {
      if ((config.user === undefined) !== (config.password === undefined)) throw new HoldfastError('usage', 'A mail server wants a user with a password or neither.');
      if (config.security === 'none' && config.password !== undefined && !isLoopback(config.host)) throw new HoldfastError('usage', 'The password would travel without encryption. Choose STARTTLS or TLS.');
    }
    if (config.kind === 'webhook' && config.token !== undefined) {
      const url = new URL(config.url);
      if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw new HoldfastError('usage', 'The token would travel without encryption. Use an address that begins with https://.');
    }
    if (config.kind === 'webhook' && config.shape === 'ntfy' && topicOf(config.url) === null) throw new HoldfastError('usage', 'The address of an ntfy channel ends with its topic, such as https://ntfy.example/backups.');
  }

  private async row(id: string): Promise<AlertChannelRow> {
    const row = await this.db.selectFrom('alert_channels').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw new HoldfastError('not-found', 'There is no such way to be told. Reload the list.');
    return row;
  }
}

/** An ntfy address taken apart: the server, and the topic as its last part. Null where there is none. */
export function topicOf(address: string): { server: string; topic: string } | null {
  const url = new URL(address);
  const match = /^(.*\/)([A-Za-z0-9_-]{1,64})\/?$/.exec(url.pathname);
  return match === null ? null : { server: `${url.origin}${match[1] ?? '/'}`, topic: match[2] ?? '' };
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

export const kindOfChannel = (config: string): ChannelConfig['kind'] => configOf({ config }).kind;

const configOf = (row: Pick<AlertChannelRow, 'config'>): ChannelConfig => channelConfigSchema.parse(JSON.parse(row.config));

function targetOf(config: ChannelConfig): string {
  switch (config.kind) {
    case 'desktop': return 'Notifications on this computer';
    case 'email': return `${config.to.join(', ')} through ${config.host}:${config.port}`;
    case 'webhook': return `${new URL(config.url).origin} (${config.shape === 'json' ? 'JSON' : config.shape === 'ntfy' ? 'ntfy' : 'Slack'})`;
  }
}
