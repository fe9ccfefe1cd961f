/** The hub's part of escrow: it holds the public half of the office's recovery key and what agents sealed to it. It can open nothing. */
import { HoldfastError } from '../../shared/errors.js';
import type { EscrowOverview, SealedForOwner, SealedPassword } from '../../shared/protocol/recovery.js';
import type { HubClock } from '../options.js';
import type { Database } from '../store/database.js';

export class Escrow {
  constructor(private readonly db: Database, private readonly clock: Pick<HubClock, 'now'>) {}

  /** The key in use; null for none. */
  async recipient(): Promise<string | null> {
    return (await this.current())?.recipient ?? null;
  }

  /** Takes a key into use; the one before is retired, and what was sealed to it stays. */
  async use(recipient: string): Promise<void> {
    const now = this.clock.now();
    await this.db.transaction().execute(async (queries) => {
      await queries.updateTable('recovery_keys').set({ retired_at: now }).where('retired_at', 'is', null).where('recipient', '!=', recipient).execute();
      await queries.insertInto('recovery_keys').values({ recipient, created_at: now, retired_at: null })
        .onConflict((conflict) => conflict.column('recipient').doUpdateSet({ retired_at: null })).execute();
    });
  }

  /** Nothing is sealed any more. @param forget also throws away what was sealed so far */
  async stop(forget: boolean): Promise<void> {
    await this.db.transaction().execute(async (queries) => {
      await queries.updateTable('recovery_keys').set({ retired_at: this.clock.now() }).where('retired_at', 'is', null).execute();
      if (forget) await queries.deleteFrom('sealed_passwords').execute();
    });
  }

  /** @throws HoldfastError `usage` for passwords that were sealed to another key than the one in use. */
  async keep(agentId: number, passwords: readonly SealedPassword[]): Promise<void> {
    const recipient = await this.recipient();
    if (passwords.some((each) => each.recipient !== recipient)) throw new HoldfastError('usage', 'The recovery key of this hub is another one by now. Ask for it again.', { retryable: true });
    for (const { destinationId, destinationName, sealed, url } of passwords) {
      const values = { destination_name: destinationName, url, sealed, sealed_at: this.clock.now() };
      await this.db.insertInto('sealed_passwords').values({ agent_id: agentId, destination_id: destinationId, recipient: recipient ?? '', ...values })
        .onConflict((conflict) => conflict.columns(['agent_id', 'destination_id', 'recipient']).doUpdateSet(values)).execute();
    }
  }

  async overview(): Promise<EscrowOverview> {
    const key = await this.current();
    const sealed = (await this.sealed()).map(({ agentId, agentName, destinationId, destinationName, recipient, sealedAt, url }) =>
      ({ agentId, agentName, destinationId, destinationName, url, sealedAt, current: recipient === key?.recipient }));
    return { recipient: key?.recipient ?? null, createdAt: key === undefined ? null : new Date(key.created_at).toISOString(), sealed };
  }

  /** Of all computers, removed ones too: a lost laptop may have been removed first. Newest first. */
  async sealed(): Promise<SealedForOwner[]> {
    const rows = await this.db.selectFrom('sealed_passwords').innerJoin('agents', 'agents.id', 'sealed_passwords.agent_id')
      .selectAll('sealed_passwords').select('agents.name as agent_name').orderBy('agents.name').orderBy('sealed_at', 'desc').execute();
    return rows.map((row) => ({
      agentId: String(row.agent_id), agentName: row.agent_name, destinationId: row.destination_id, destinationName: row.destination_name, url: row.url,
      recipient: row.recipient, sealed: row.sealed, sealedAt: new Date(row.sealed_at).toISOString(),
    }));
  }

  private current(): Promise<{ recipient: string; created_at: number } | undefined> {
    return this.db.selectFrom('recovery_keys').select(['recipient', 'created_at']).where('retired_at', 'is', null).executeTakeFirst();
  }
}
