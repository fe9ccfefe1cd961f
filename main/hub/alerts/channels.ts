/**
 * The ways to be told, as the owner set them up. What a channel needs to be used (a password, the address of a webhook) is sealed
 * in the database, and is never given out again.
 */
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { channelConfigSchema, channelSettingsSchema, type ChannelChange, type ChannelConfig, type ChannelSettings, type ChannelView } from '../../shared/protocol/alerts.js';
import type { HubClock } from '../options.js';
import type { Database } from '../store/database.js';
import type { AlertChannelRow } from '../store/schema.js';
import type { SecretBox } from '../store/sealed.js';
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
  constructor(private readonly db: Database, private readonly clock: Pick<HubClock, 'now'>, private readonly secrets: SecretBox, private readonly hasDesktop: boolean) {}

  /** Seals what an older hub left as it is. @returns the names of those that another hub's key sealed: they cannot be used here. */
  async sealAll(): Promise<string[]> {
    const foreign: string[] = [];
    for (const row of await this.db.selectFrom('alert_channels').selectAll().execute()) {
      const stored = storedSchema.parse(JSON.parse(row.config));
      if ('sealed' in stored) {
        if (this.settings(row) === null) foreign.push(row.name);
      } else {
        await this.db.updateTable('alert_channels').set({ config: this.sealed(row.id, stored) }).where('id', '=', row.id).where('config', '=', row.config).execute();
      }
    }
    return foreign;
  }

  async list(): Promise<ChannelView[]> {
    const rows = await this.db.selectFrom('alert_channels').selectAll('alert_channels')
      .select((eb) => eb.selectFrom('alert_messages').select((inner) => inner.fn.countAll<number>().as('n'))
        .whereRef('alert_messages.channel_id', '=', 'alert_channels.id').as('waiting'))
      .orderBy('created_at').orderBy('id').execute();
    return rows.map((row) => {
      return {
        id: row.id, name: row.name, ...seenOf(row), settings: this.settings(row), enabled: row.enabled === 1,
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
      .values({ id, name, config: this.sealed(id, config), enabled: 1, created_at: this.clock.now(), last_sent_at: null, last_error: null, attempts: 0, next_at: 0 }).execute();
    return id;
  }

  /** A message that waits for a channel which is switched off is dropped: by the time it is on again, it is no news. */
  async update(id: string, change: { name?: string | undefined; enabled?: boolean | undefined; config?: ChannelChange | undefined }): Promise<void> {
    const row = await this.row(id);
    const config = change.config === undefined ? undefined : this.merged(row, change.config);
    if (config !== undefined) this.check(config);
    await this.db.updateTable('alert_channels').set({
      name: change.name ?? row.name, enabled: (change.enabled ?? row.enabled === 1) ? 1 : 0,
      ...(config === undefined ? {} : { config: this.sealed(id, config) }), attempts: 0, next_at: 0, last_error: null,
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
    return { id: row.id, name: row.name, config: this.opened(row) };
  }

  /** Those with something to send whose turn it is. */
  async withWork(): Promise<{ readonly id: string; readonly attempts: number }[]> {
    return this.db.selectFrom('alert_channels').select(['id', 'attempts']).where('enabled', '=', 1).where('next_at', '<=', this.clock.now())
      .where('id', 'in', (eb) => eb.selectFrom('alert_messages').select('channel_id')).execute();
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

  /** A secret that was left out stays, but it is never sent to another place than the one that it was given for. */
  private merged(row: AlertChannelRow, change: ChannelChange): ChannelConfig {
    if (change.kind !== seenOf(row).kind) throw new HoldfastError('usage', 'A channel stays of its kind. Remove it and add another.');
    if (change.kind === 'desktop') return change;
    if (change.kind === 'webhook' && change.url !== undefined) return { ...change, url: change.url };
    if (change.kind === 'email' && (change.user === undefined || change.password !== undefined)) return change;
    const old = this.opened(row);
    if (change.kind === 'webhook' && old.kind === 'webhook') return { ...change, url: old.url, ...((change.token ?? old.token) === undefined ? {} : { token: change.token ?? old.token }) };
    const same = change.kind === 'email' && old.kind === 'email' && old.host === change.host && old.port === change.port && old.security === change.security && old.user === change.user;
    if (change.kind !== 'email' || old.kind !== 'email' || !same || old.password === undefined) throw new HoldfastError('usage', 'Give the mail password again: it is kept only for the same server, port, encryption and user.');
    return { ...change, password: old.password };
  }

  private settings(row: AlertChannelRow): ChannelSettings | null {
    try {
      return channelSettingsSchema.parse(this.opened(row));
    } catch {
      return null;
    }
  }

  private sealed(id: string, config: ChannelConfig): string {
    return JSON.stringify({ kind: config.kind, target: targetOf(config), sealed: this.secrets.seal(JSON.stringify(config), `alert channel ${id}`) });
  }

  /** @throws HoldfastError `settings-invalid` when another hub's key sealed it. */
  private opened({ config, id }: Pick<AlertChannelRow, 'config' | 'id'>): ChannelConfig {
    const stored = storedSchema.parse(JSON.parse(config));
    return 'sealed' in stored ? channelConfigSchema.parse(JSON.parse(this.secrets.open(stored.sealed, `alert channel ${id}`))) : stored;
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

/** As it lies in the database: what may be seen, and the whole of it sealed; or as older hubs wrote it. */
const storedSchema = z.union([z.object({ kind: z.enum(['desktop', 'email', 'webhook']), target: z.string(), sealed: z.string() }), channelConfigSchema]);

export const kindOfChannel = (config: string): ChannelConfig['kind'] => seenOf({ config }).kind;

function seenOf({ config }: Pick<AlertChannelRow, 'config'>): { kind: ChannelConfig['kind']; target: string } {
  const stored = storedSchema.parse(JSON.parse(config));
  return { kind: stored.kind, target: 'sealed' in stored ? stored.target : targetOf(stored) };
}

function targetOf(config: ChannelConfig): string {
  switch (config.kind) {
    case 'desktop': return 'Notifications on this computer';
    case 'email': return `${config.to.join(', ')} through ${config.host}:${config.port}`;
    case 'webhook': return `${new URL(config.url).origin} (${config.shape === 'json' ? 'JSON' : config.shape === 'ntfy' ? 'ntfy' : 'Slack'})`;
  }
}
