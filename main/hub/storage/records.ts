/** What the hub remembers of its storage: settings, quotas, credentials. Of a credential only the SHA-256 is kept. */
import type { StorageSettings } from '../../shared/protocol/storage.js';
import type { HubClock } from '../options.js';
import type { Database } from '../store/database.js';
import type { StorageRow } from '../store/schema.js';
import { hashSecret, newSecret, secretMatches } from '../store/tokens.js';
import type { Limits } from './ledger.js';

/** `agent`: fetched by the agent itself through its tunnel. `restic`: made by the hub's owner for a plain restic. */
export type KeyPurpose = 'agent' | 'restic';

const GiB = 1024 ** 3;
/** What stays free where the owner says nothing: a twentieth of the disk, but 1 GiB at least and 20 GiB at most. */
const usualReserve = (diskBytes: number | null): number => Math.min(20 * GiB, Math.max(GiB, Math.round((diskBytes ?? 0) / 20)));
/** The time of the last write is kept to this, ms: a backup writes many files. */
const noteWriteEvery = 60_000;

export interface StorageRecord extends Pick<StorageRow, 'quota' | 'last_write_at'> {
  readonly agent_id: number;
  readonly name: string;
  readonly deleted_at: number | null;
  readonly agentKeyAt: number | null;
  readonly resticKeyAt: number | null;
}

export class StorageRecords {
  private readonly noted = new Map<number, number>();

  constructor(private readonly db: Database, private readonly clock: Pick<HubClock, 'now'>) {}

  /** @param diskBytes size of the disk, from which the usual reserve follows */
  async settings(diskBytes: number | null): Promise<StorageSettings> {
    const row = await this.db.selectFrom('storage_settings').selectAll().executeTakeFirst();
    return { offered: row?.offered === 1, defaultQuota: row?.default_quota ?? null, totalQuota: row?.total_quota ?? null, reserve: row?.reserve ?? usualReserve(diskBytes) };
  }

  async change(change: Partial<StorageSettings>): Promise<void> {
    const values = {
      ...(change.offered === undefined ? {} : { offered: change.offered ? 1 : 0 }), ...(change.defaultQuota === undefined ? {} : { default_quota: change.defaultQuota }),
      ...(change.totalQuota === undefined ? {} : { total_quota: change.totalQuota }), ...(change.reserve === undefined ? {} : { reserve: change.reserve }),
    };
    await this.db.insertInto('storage_settings').values({ id: 1, offered: 0, default_quota: null, total_quota: null, reserve: null, ...values })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ id: 1, ...values })).execute();
  }

  async limits(agentId: number, diskBytes: number | null): Promise<Limits & { offered: boolean }> {
    const settings = await this.settings(diskBytes);
    const own = await this.db.selectFrom('storage').select('quota').where('agent_id', '=', agentId).executeTakeFirst();
    return { offered: settings.offered, quota: own?.quota ?? settings.defaultQuota, totalQuota: settings.totalQuota, reserve: settings.reserve };
  }

  /** Null: the usual one applies. */
  async setQuota(agentId: number, quota: number | null): Promise<void> {
    await this.db.insertInto('storage').values({ agent_id: agentId, quota, last_write_at: null })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet({ quota })).execute();
  }

  async wrote(agentId: number): Promise<void> {
    const now = this.clock.now();
    if (now - (this.noted.get(agentId) ?? -Infinity) < noteWriteEvery) return;
    this.noted.set(agentId, now);
    await this.db.insertInto('storage').values({ agent_id: agentId, quota: null, last_write_at: now })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet({ last_write_at: now })).execute();
  }

  /** Makes a password; an older one for the same purpose stops working. It is not kept and cannot be asked for again. */
  async issue(agentId: number, purpose: KeyPurpose): Promise<string> {
    const secret = newSecret();
    const values = { secret_hash: hashSecret(secret), created_at: this.clock.now() };
    await this.db.insertInto('storage_keys').values({ agent_id: agentId, purpose, ...values })
      .onConflict((conflict) => conflict.columns(['agent_id', 'purpose']).doUpdateSet(values)).execute();
    return secret;
  }

  /** Whether this password opens the storage of this agent. Nothing opens that of one that was removed. */
  async opens(agentId: number, password: string): Promise<boolean> {
    const keys = await this.db.selectFrom('storage_keys').innerJoin('agents', 'agents.id', 'storage_keys.agent_id')
      .select('storage_keys.secret_hash').where('storage_keys.agent_id', '=', agentId).where('agents.deleted_at', 'is', null).execute();
    return keys.some(({ secret_hash: hash }) => secretMatches(password, hash));
  }

  /** Of all computers, removed ones too, by name. */
  async list(): Promise<StorageRecord[]> {
    const rows = await this.db.selectFrom('agents').leftJoin('storage', 'storage.agent_id', 'agents.id')
      .select(['agents.id as agent_id', 'agents.name', 'agents.deleted_at', 'storage.quota', 'storage.last_write_at']).orderBy('agents.name').orderBy('agents.id').execute();
    const keys = await this.db.selectFrom('storage_keys').select(['agent_id', 'purpose', 'created_at']).execute();
    const made = new Map(keys.map((key) => [`${key.agent_id} ${key.purpose}`, key.created_at]));
    return rows.map((row) => ({ ...row, agentKeyAt: made.get(`${row.agent_id} agent`) ?? null, resticKeyAt: made.get(`${row.agent_id} restic`) ?? null }));
  }
}
