/** Hub storage put together: what its owner sees and sets, and what an agent may ask for. */
import { HoldfastError } from '../../shared/errors.js';
import { storagePath, type AgentStorage, type StorageCredentials, type StorageOverview, type StorageSettings } from '../../shared/protocol/storage.js';
import type { Agents } from '../agents/agents.js';
import type { HubClock, HubLogger } from '../options.js';
import type { Database } from '../store/database.js';
import { StorageDisk } from './disk.js';
import { Ledger } from './ledger.js';
import { StorageRecords } from './records.js';

/** What the overview shows was counted at most this long ago, ms. */
const overviewAge = 60_000;

export interface StoragePorts {
  /** The folder on the hub's computer; made when something is stored. */
  readonly root: string;
  readonly db: Database;
  readonly agents: Agents;
  readonly clock: HubClock;
  readonly logger: HubLogger;
  /** Base URL of this hub, as computers reach it. */
  readonly url: () => string;
}

export class HubStorage {
  readonly disk: StorageDisk;
  readonly records: StorageRecords;
  readonly ledger: Ledger;

  constructor(private readonly ports: StoragePorts) {
    const { clock, db, root } = ports;
    const disk = new StorageDisk(root);
    this.disk = disk;
    this.records = new StorageRecords(db, clock);
    this.ledger = new Ledger({
      now: () => clock.now(), measure: (agentId) => disk.measure(agentId), agents: () => disk.agents(),
      free: async () => (await disk.space())?.free ?? null,
    });
  }

  /** Counts what is stored, in the background. */
  start(): void {
    const { clock, logger } = this.ports;
    Promise.all([this.disk.tidy(clock.now()), this.ledger.start()])
      .catch((error: unknown) => logger.log('error', `The folder of hub storage cannot be read: ${error instanceof Error ? error.message : String(error)}`));
  }

  async overview(): Promise<StorageOverview> {
    await this.ledger.refresh(overviewAge);
    const space = await this.disk.space();
    const settings = await this.records.settings(space?.all ?? null);
    const agents: AgentStorage[] = [];
    for (const record of await this.records.list()) {
      const usedBytes = await this.ledger.used(record.agent_id);
      const removed = record.deleted_at !== null;
      const hasRepository = (await this.disk.size(record.agent_id, { kind: 'config' })) !== null;
      if (removed && !hasRepository && usedBytes === 0) continue;
      agents.push({
        agentId: String(record.agent_id), name: record.name, removed, hasRepository, usedBytes, ownQuota: record.quota, quota: record.quota ?? settings.defaultQuota,
        lastWriteAt: time(record.last_write_at), agentKeyAt: removed ? null : time(record.agentKeyAt), resticKeyAt: removed ? null : time(record.resticKeyAt),
      });
    }
    return { settings, folder: this.disk.root, usedBytes: await this.ledger.total(), freeBytes: space?.free ?? null, diskBytes: space?.all ?? null, agents };
  }

  async change(change: Partial<StorageSettings>): Promise<void> {
    await this.records.change(change);
  }

  async setQuota(id: string, quota: number | null): Promise<void> {
    await this.records.setQuota((await this.ports.agents.get(id)).id, quota);
  }

  /**
   * Deletes what a computer kept here, for good, once it was removed from the hub: nothing can write there any more, and nobody backs
   * up to it. @throws HoldfastError `not-found`, `usage` for one that is still a computer of this hub.
   */
  async discard(id: string): Promise<{ bytes: number }> {
    const record = (await this.records.list()).find(({ agent_id: agentId }) => String(agentId) === id);
    if (record === undefined) throw new HoldfastError('not-found', `There is no computer with the id "${id}". "holdfast hub-storage list" shows them all.`);
    if (record.deleted_at === null) throw new HoldfastError('usage', `"${record.name}" still belongs to this hub. Remove it first: holdfast agents delete.`);
    const bytes = await this.disk.discard(record.agent_id);
    this.ledger.removed(record.agent_id, bytes);
    return { bytes };
  }

  /** Credentials for a plain restic; the ones made before stop working, the agent's own go on. */
  async renew(id: string): Promise<StorageCredentials> {
    await this.mustBeOffered();
    const { id: agentId } = await this.ports.agents.get(id);
    return this.credentials(agentId, await this.records.issue(agentId, 'restic'));
  }

  async offered(): Promise<boolean> {
    return (await this.records.settings(null)).offered;
  }

  /** An agent asks for its own credentials. @throws HoldfastError `policy-refused` where storage is switched off. */
  async issueTo(agentId: number): Promise<{ user: string; password: string }> {
    await this.mustBeOffered();
    return { user: String(agentId), password: await this.records.issue(agentId, 'agent') };
  }

  private credentials(agentId: number, password: string): StorageCredentials {
    return { agentId: String(agentId), user: String(agentId), password, url: `rest:${this.ports.url()}${storagePath}${agentId}/` };
  }

  private async mustBeOffered(): Promise<void> {
    if (!(await this.offered())) throw new HoldfastError('policy-refused', 'This hub offers no storage: its owner has not switched it on.');
  }
}

const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
