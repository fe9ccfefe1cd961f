/** Setup tokens: what lets a new computer in. Made by the hub's owner, limited in time and number, revoked at will. */
import type { AdminParams, SetupTokenView } from '../../shared/protocol/admin.js';
import { HoldfastError } from '../../shared/errors.js';
import type { EnrolRequest } from '../../shared/protocol/enrolment.js';
import { parseToken } from '../../shared/protocol/token.js';
import type { Agents } from '../agents/agents.js';
import type { HubClock } from '../options.js';
import type { Database } from '../store/database.js';
import type { SetupTokenRow } from '../store/schema.js';
import { hashSecret, newSecret, secretMatches } from '../store/tokens.js';

type StoredToken = Omit<SetupTokenRow, 'id'> & { id: number };

export class SetupTokens {
  constructor(private readonly db: Database, private readonly clock: HubClock, private readonly agents: Agents) {}

  async create(wish: Required<AdminParams<'createSetupToken'>>): Promise<{ id: string; token: string; expiresAt: string | null }> {
    const now = this.clock.now();
    const secret = newSecret();
    const expires = wish.expiresInHours === null ? null : Math.round(now + wish.expiresInHours * 3_600_000);
    const { id } = await this.db.insertInto('setup_tokens')
      .values({ name: wish.name, secret_hash: hashSecret(secret), created_at: now, expires_at: expires, max_uses: wish.maxUses, uses: 0 })
      .returning('id').executeTakeFirstOrThrow();
    return { id: String(id), token: `${id}|${secret}`, expiresAt: iso(expires) };
  }

  async list(): Promise<SetupTokenView[]> {
    const rows = await this.db.selectFrom('setup_tokens').selectAll().orderBy('id', 'desc').execute();
    return rows.map((row) => ({
      id: String(row.id), name: row.name, createdAt: new Date(row.created_at).toISOString(), expiresAt: iso(row.expires_at),
      maxUses: row.max_uses, uses: row.uses, revokedAt: iso(row.revoked_at), usable: obstacle(row, this.clock.now()) === null,
    }));
  }

  async revoke(id: string): Promise<void> {
    const known = /^[1-9]\d{0,14}$/.test(id)
      ? await this.db.updateTable('setup_tokens').set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(this.clock.now())) })).where('id', '=', Number(id)).returning('id').executeTakeFirst()
      : undefined;
    if (known === undefined) throw new HoldfastError('not-found', `There is no setup token with the id "${id}". "holdfast setup-token list" shows them all.`);
  }

  /** Trades a setup token for a new agent and its token. @throws HoldfastError `token-unknown` or `token-revoked`. */
  async redeem(text: string, request: EnrolRequest): Promise<{ agentId: string; name: string; token: string }> {
    const token = parseToken(text);
    const row = token === null ? undefined : await this.db.selectFrom('setup_tokens').selectAll().where('id', '=', token.id).executeTakeFirst();
    if (token === null || row === undefined || !secretMatches(token.secret, row.secret_hash)) {
      throw new HoldfastError('token-unknown', 'The hub does not know this setup token. Ask its owner for a new setup link.');
    }
    return this.db.transaction().execute(async (queries) => {
      // Counted by the database, so that two computers cannot share the last use.
      const counted = await queries.updateTable('setup_tokens').set((eb) => ({ uses: eb('uses', '+', 1) })).where('id', '=', row.id).returningAll().executeTakeFirstOrThrow();
      const refused = obstacle({ ...counted, uses: counted.uses - 1 }, this.clock.now());
      if (refused !== null) throw new HoldfastError('token-revoked', `This setup token ${refused}. Ask the hub's owner for a new setup link.`);
      const agent = await this.agents.create(request.name, queries);
      await queries.updateTable('agents').set({ host: request.host, os: request.os, arch: request.arch, version: request.version }).where('id', '=', agent.id).execute();
      return { agentId: String(agent.id), name: agent.name, token: agent.token };
    });
  }
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

function obstacle(row: Pick<StoredToken, 'revoked_at' | 'expires_at' | 'max_uses' | 'uses'>, now: number): string | null {
  if (row.revoked_at !== null) return 'was revoked';
  if (row.expires_at !== null && row.expires_at <= now) return 'has expired';
  if (row.max_uses !== null && row.uses >= row.max_uses) return 'was used as often as it may be';
  return null;
}
