/**
 * Who stores how much, and whether more may come. Room is set aside before the first byte is taken, so that uploads under way at the
 * same time cannot pass a limit together.
 */
import { bytesText } from '../../shared/text.js';
import type { StoredFile } from './layout.js';
import { Refusal } from './refusal.js';

/**
 * What is no pack may pass a quota by so much, bytes: without a lock nobody could read a full repository, and a backup whose data is
 * in may be finished.
 */
export const grace = 16 * 1024 * 1024;
/** Before a refusal the folder is measured again, unless that was done within this time, ms: the owner may have pruned meanwhile. */
const measureAgainAfter = 10_000;

export interface LedgerPorts {
  now(): number;
  /** Bytes stored by an agent, counted on the disk. */
  measure(agentId: number): Promise<number>;
  agents(): Promise<readonly number[]>;
  /** Free bytes of the disk; null when the system does not say. */
  free(): Promise<number | null>;
}

export interface Limits {
  /** Bytes; null for none. */
  readonly quota: number | null;
  readonly totalQuota: number | null;
  /** Bytes that stay free on the disk. */
  readonly reserve: number;
}

export interface Hold {
  /** It is stored. */
  keep(): void;
  /** Nothing was added. May follow `keep`, and then changes nothing. */
  release(): void;
}

interface Account {
  used: number;
  held: number;
  measuredAt: number;
}

export class Ledger {
  private readonly accounts = new Map<number, Account>();
  private readonly measuring = new Map<number, Promise<Account>>();
  private started: Promise<void> | null = null;

  constructor(private readonly ports: LedgerPorts) {}

  /** Measures everything, once. Whoever writes waits for it. */
  start(): Promise<void> {
    this.started ??= (async () => {
      for (const agentId of await this.ports.agents()) await this.measure(agentId);
    })().catch((error: unknown) => {
      this.started = null;
      throw error;
    });
    return this.started;
  }

  async used(agentId: number): Promise<number> {
    await this.start();
    return this.accounts.get(agentId)?.used ?? 0;
  }

  async total(): Promise<number> {
    await this.start();
    return this.sum('used');
  }

  /** Counts anew where the last count is older than `ms`. */
  async refresh(ms: number): Promise<void> {
    await this.start();
    for (const agentId of new Set([...await this.ports.agents(), ...this.accounts.keys()])) await this.recent(agentId, ms);
  }

  /** @throws Refusal 507 naming the limit that is reached. */
  async hold(agentId: number, kind: StoredFile['kind'], size: number, limits: Limits): Promise<Hold> {
    await this.start();
    if (this.obstacle(agentId, kind, size, limits, null) !== null) {
      for (const id of limits.totalQuota === null ? [agentId] : this.accounts.keys()) await this.recent(id, measureAgainAfter);
    }
    const free = await this.ports.free();
    const obstacle = this.obstacle(agentId, kind, size, limits, free);
    if (obstacle !== null) throw new Refusal(507, obstacle);
    const account = this.account(agentId);
    account.held += size;
    let open = true;
    const settle = (stored: boolean): void => {
      if (!open) return;
      open = false;
      account.held -= size;
      if (stored) account.used += size;
    };
    return { keep: () => settle(true), release: () => settle(false) };
  }

  removed(agentId: number, size: number): void {
    const account = this.account(agentId);
    account.used = Math.max(0, account.used - size);
  }

  private obstacle(agentId: number, kind: StoredFile['kind'], size: number, { quota, totalQuota, reserve }: Limits, free: number | null): string | null {
    const { used, held } = this.accounts.get(agentId) ?? { used: 0, held: 0 };
    const extra = kind === 'data' ? 0 : grace;
    if (quota !== null && used + held + size > quota + extra) {
      return `The quota of this computer in hub storage is used up: ${bytesText(used)} of ${bytesText(quota)}. Ask the hub's owner for more.`;
    }
    const all = this.sum('used');
    if (totalQuota !== null && all + this.sum('held') + size > totalQuota + extra) {
      return `The quota of all computers together in hub storage is used up: ${bytesText(all)} of ${bytesText(totalQuota)}. Ask the hub's owner for more.`;
    }
    const floor = kind === 'data' ? reserve : reserve / 2;
    if (free !== null && free - this.sum('held') - size < floor) {
      return `The disk of hub storage is almost full: ${bytesText(free)} are free, of which ${bytesText(reserve)} stay free. Tell the hub's owner.`;
    }
    return null;
  }

  private account(agentId: number): Account {
    const known = this.accounts.get(agentId);
    if (known !== undefined) return known;
    const fresh = { used: 0, held: 0, measuredAt: this.ports.now() };
    this.accounts.set(agentId, fresh);
    return fresh;
  }

  private async recent(agentId: number, ms: number): Promise<void> {
    const account = this.accounts.get(agentId);
    if (account === undefined || Math.abs(this.ports.now() - account.measuredAt) >= ms) await this.measure(agentId);
  }

  private measure(agentId: number): Promise<Account> {
    const under = this.measuring.get(agentId);
    if (under !== undefined) return under;
    const work = (async () => {
      const before = this.accounts.get(agentId)?.used ?? 0;
      const counted = await this.ports.measure(agentId);
      const account = this.account(agentId);
      // What was stored or removed while it was counted may be missing in the count; it is added, for too much errs on the safe side.
      account.used = counted + Math.max(0, account.used - before);
      account.measuredAt = this.ports.now();
      return account;
    })().finally(() => this.measuring.delete(agentId));
    this.measuring.set(agentId, work);
    return work;
  }

  private sum(what: 'used' | 'held'): number {
    let sum = 0;
    for (const account of this.accounts.values()) sum += account[what];
    return sum;
  }
}
