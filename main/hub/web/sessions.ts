/** Who is logged in, and the ways in: a password, a login link, an API token. Of every secret only the SHA-256 is kept. */
import { HoldfastError } from '../../shared/errors.js';
import { roleSchema, type AdminResult, type ApiTokenView, type Role } from '../../shared/protocol/admin.js';
import { parseToken } from '../../shared/protocol/token.js';
import type { HubClock } from '../options.js';
import type { Database } from '../store/database.js';
import type { UserRow } from '../store/schema.js';
import { hashSecret, newSecret, secretMatches } from '../store/tokens.js';

/** A browser stays logged in this long, ms. */
export const sessionLife = 7 * 86_400_000;
const linkLife = 10 * 60_000;
/** "Last used" of an API token need not be more exact than this, ms. */
const noteUseEvery = 60_000;

export interface Caller {
  readonly role: Role;
  /** For the audit log. */
  readonly name: string;
  /** Null for an API token. */
  readonly user: UserRow | null;
  /** Hash of the session; null for an API token. */
  readonly session: string | null;
  readonly csrf: string | null;
}

export class Sessions {
  constructor(private readonly db: Database, private readonly clock: Pick<HubClock, 'now'>) {}

  /** @returns the value of the cookie. */
  async open(userId: string): Promise<string> {
    const secret = newSecret();
    const now = this.clock.now();
    for (const table of ['web_sessions', 'login_codes'] as const) await this.db.deleteFrom(table).where('expires_at', '<=', now).execute();
    await this.db.insertInto('web_sessions').values({ hash: hashSecret(secret), user_id: userId, expires_at: now + sessionLife }).execute();
    return secret;
  }

  async bySecret(secret: string): Promise<Caller | null> {
    const hash = hashSecret(secret);
    const user = await this.db.selectFrom('web_sessions').innerJoin('users', 'users.id', 'web_sessions.user_id').selectAll('users')
      .where('web_sessions.hash', '=', hash).where('web_sessions.expires_at', '>', this.clock.now()).executeTakeFirst();
    // The page's proof is made from the cookie's secret, which no page can read: nothing more needs to be stored.
    return user === undefined ? null : { role: roleSchema.parse(user.role), name: user.name, user, session: hash, csrf: hashSecret(`csrf ${secret}`) };
  }

  async close(hash: string): Promise<void> {
    await this.db.deleteFrom('web_sessions').where('hash', '=', hash).execute();
  }

  async createCode(userId: string): Promise<{ code: string; expiresAt: string }> {
    const code = newSecret();
    const expires = this.clock.now() + linkLife;
    await this.db.insertInto('login_codes').values({ hash: hashSecret(code), user_id: userId, expires_at: expires }).execute();
    return { code, expiresAt: new Date(expires).toISOString() };
  }

  /** The user of a login link, once. */
  async redeemCode(code: string): Promise<string | null> {
    const used = await this.db.deleteFrom('login_codes').where('hash', '=', hashSecret(code)).returning(['user_id', 'expires_at']).executeTakeFirst();
    return used === undefined || used.expires_at <= this.clock.now() ? null : used.user_id;
  }

  async createApiToken({ name, role, expiresInDays }: { name: string; role: Role; expiresInDays: number | null }): Promise<AdminResult<'createApiToken'>> {
    const secret = newSecret();
    const now = this.clock.now();
    const expires = expiresInDays === null ? null : now + expiresInDays * 86_400_000;
    const { id } = await this.db.insertInto('api_tokens')
      .values({ name, role, secret_hash: hashSecret(secret), created_at: now, expires_at: expires, last_used_at: null }).returning('id').executeTakeFirstOrThrow();
    return { id: String(id), token: `${id}|${secret}`, expiresAt: iso(expires) };
  }

  async listApiTokens(): Promise<ApiTokenView[]> {
    const rows = await this.db.selectFrom('api_tokens').selectAll().orderBy('id', 'desc').execute();
    return rows.map((row) => ({
      id: String(row.id), name: row.name, role: roleSchema.parse(row.role), createdAt: new Date(row.created_at).toISOString(),
      expiresAt: iso(row.expires_at), lastUsedAt: iso(row.last_used_at),
    }));
  }

  async deleteApiToken(id: string): Promise<void> {
    const gone = /^[1-9]\d{0,14}$/.test(id) ? await this.db.deleteFrom('api_tokens').where('id', '=', Number(id)).returning('id').executeTakeFirst() : undefined;
    if (gone === undefined) throw new HoldfastError('not-found', 'There is no such API token. Reload the list.');
  }

  async byApiToken(text: string): Promise<Caller | null> {
    const token = parseToken(text);
    if (token === null) return null;
    const row = await this.db.selectFrom('api_tokens').selectAll().where('id', '=', token.id).executeTakeFirst();
    const now = this.clock.now();
    if (row === undefined || !secretMatches(token.secret, row.secret_hash) || (row.expires_at !== null && row.expires_at <= now)) return null;
    if (now - (row.last_used_at ?? 0) > noteUseEvery) await this.db.updateTable('api_tokens').set({ last_used_at: now }).where('id', '=', row.id).execute();
    return { role: roleSchema.parse(row.role), name: `API token "${row.name}"`, user: null, session: null, csrf: null };
  }
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
