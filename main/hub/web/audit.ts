/** Who changed what: one line for every change, from wherever it came. Parameters are not kept, as some are secrets. */
import { adminRoutes, type AdminParams, type AdminResult, type AdminRoute, type AuditEntry, type HubAdmin } from '../../shared/protocol/admin.js';
import type { HubClock, HubLogger } from '../options.js';
import type { Database } from '../store/database.js';

export interface Actor {
  readonly name: string;
  readonly address: string | null;
}

/** The owner of the data folder: the app itself, or the command on the hub's computer. */
export const localActor: Actor = { name: "the hub's computer", address: null };

/** What a change acts on, for those that name it by an id. */
const tables: Partial<Record<AdminRoute, 'agents' | 'jobs' | 'setup_tokens' | 'api_tokens' | 'users' | 'alert_channels'>> = {
  updateAlertChannel: 'alert_channels', deleteAlertChannel: 'alert_channels', testAlertChannel: 'alert_channels',
  renameAgent: 'agents', deleteAgent: 'agents', setStorageQuota: 'agents', renewStorageCredentials: 'agents', discardStorage: 'agents', updateJob: 'jobs', deleteJob: 'jobs', pauseJob: 'jobs', resumeJob: 'jobs', moveJob: 'jobs', runJob: 'jobs',
  browseSnapshot: 'jobs', findVersions: 'jobs', startRestore: 'jobs', cancelRestore: 'jobs',
  revokeSetupToken: 'setup_tokens', deleteApiToken: 'api_tokens', updateUser: 'users', deleteUser: 'users',
};

export class Audit {
  constructor(private readonly db: Database, private readonly clock: Pick<HubClock, 'now'>, private readonly logger: HubLogger) {}

  /** @returns the number of the line. */
  async record({ name, address }: Actor, action: string, subject: string): Promise<number> {
    const { id } = await this.db.insertInto('audit').values({ at: this.clock.now(), actor: name, action, subject: subject.slice(0, 300), address }).returning('id').executeTakeFirstOrThrow();
    this.logger.log('info', `Audit: ${name}${address === null ? '' : ` (${address})`}: ${action}${subject === '' ? '' : ` "${subject}"`}`);
    return id;
  }

  async list({ limit, before }: { limit: number; before?: number | undefined }): Promise<AuditEntry[]> {
    let query = this.db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.execute()).map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
  }

  /** The same admin, with every change on record. */
  watch(admin: HubAdmin, actor: Actor): HubAdmin {
    const names = Object.keys(adminRoutes) as AdminRoute[];
    return Object.fromEntries(names.map((name) => [name, adminRoutes[name].http === 'GET' ? admin[name] : this.watched(name, admin, actor)])) as HubAdmin;
  }

  private watched<N extends AdminRoute>(name: N, admin: HubAdmin, actor: Actor): (params: AdminParams<N>) => Promise<AdminResult<N>> {
    return async (params) => {
      // Asked before: afterwards it may be gone.
      const subject = await this.subject(name, params);
      // The line is there before the change: a hub that dies in between may have a line too many, but never a change without one.
      const line = await this.record(actor, name, subject);
      try {
        return await admin[name](params);
      } catch (error) {
        await this.db.deleteFrom('audit').where('id', '=', line).execute();
        throw error;
      }
    };
  }

  private async subject(name: AdminRoute, params: unknown): Promise<string> {
    const given = typeof params === 'object' && params !== null ? params : {};
    const text = (key: string, from: object = given): string | null => {
      const value: unknown = key in from ? from[key as keyof typeof from] : null;
      return typeof value === 'string' ? value : null;
    };
    const table = tables[name];
    const id = text('id');
    if (table === undefined || id === null) {
      const draft = 'draft' in given && typeof given.draft === 'object' && given.draft !== null ? given.draft : {};
      return text('name') ?? text('user') ?? text('name', draft) ?? (await this.nameOfRun(name, id)) ?? id ?? '';
    }
    const numbered = table !== 'jobs' && table !== 'users' && table !== 'alert_channels';
    if (numbered && !/^[1-9]\d{0,14}$/.test(id)) return id;
    const row = await this.db.selectFrom(table).select('name').where('id', '=', (numbered ? Number(id) : id) as never).executeTakeFirst();
    const renamed = name === 'renameAgent' ? text('name') : null;
    return `${row?.name ?? id}${renamed === null ? '' : ` to ${renamed}`}`;
  }

  private async nameOfRun(name: AdminRoute, id: string | null): Promise<string | null> {
    if (name !== 'cancelRun' || id === null) return null;
    return (await this.db.selectFrom('runs').select('job_name').where('id', '=', id).executeTakeFirst())?.job_name ?? null;
  }
}
