/** People who may log in, with their role. There is always an admin, once there is anybody. */
import { HoldfastError } from '../../shared/errors.js';
import { roleSchema, type Role, type UserView } from '../../shared/protocol/admin.js';
import type { HubClock } from '../options.js';
import type { Database, Queries } from '../store/database.js';
import type { UserRow } from '../store/schema.js';
import { newId } from '../store/tokens.js';
import { hashPassword, passwordMatches } from './passwords.js';

export class Users {
  constructor(private readonly db: Database, private readonly clock: Pick<HubClock, 'now'>) {}

  async list(): Promise<UserView[]> {
    return (await this.db.selectFrom('users').selectAll().orderBy('name').execute()).map(view);
  }

  /** @throws HoldfastError `usage` when the name is taken. */
  async create({ name, role, password }: { name: string; role: Role; password: string | null }): Promise<UserView> {
    const row: UserRow = { id: newId(), name, role, password_hash: password === null ? null : await hashPassword(password), created_at: this.clock.now() };
    const made = await this.db.insertInto('users').values(row).onConflict((on) => on.column('name').doNothing()).returning('id').executeTakeFirst();
    if (made === undefined) throw new HoldfastError('usage', `There is a user "${name}" already. Choose another name.`);
    return view(row);
  }

  /** Ends the sessions of that user, but for the one that is to be kept. @throws HoldfastError `not-found`, `usage`. */
  async update(id: string, change: { role?: Role | undefined; password?: string | undefined }, keepSession: string | null = null): Promise<void> {
    const hash = change.password === undefined ? undefined : await hashPassword(change.password);
    await this.db.transaction().execute(async (queries) => {
      await this.get(id, queries);
      const set = { ...(change.role === undefined ? {} : { role: change.role }), ...(hash === undefined ? {} : { password_hash: hash }) };
      if (Object.keys(set).length > 0) await queries.updateTable('users').set(set).where('id', '=', id).execute();
      await someAdmin(queries);
      await queries.deleteFrom('web_sessions').where('user_id', '=', id).where('hash', '!=', keepSession ?? '').execute();
      await queries.deleteFrom('login_codes').where('user_id', '=', id).execute();
    });
  }

  /** @throws HoldfastError `not-found`, `usage` for the last admin. */
  async delete(id: string): Promise<void> {
    await this.db.transaction().execute(async (queries) => {
      await this.get(id, queries);
      await queries.deleteFrom('users').where('id', '=', id).execute();
      await someAdmin(queries);
    });
  }

  async get(id: string, queries: Queries = this.db): Promise<UserRow> {
    const row = await queries.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw new HoldfastError('not-found', 'There is no such user. Reload the list.');
    return row;
  }

  /** Null for a wrong name as for a wrong password, after the same time. */
  async check(name: string, password: string): Promise<UserRow | null> {
    const row = await this.db.selectFrom('users').selectAll().where('name', '=', name.trim()).executeTakeFirst();
    return (await passwordMatches(password, row?.password_hash ?? null)) && row !== undefined ? row : null;
  }

  /** For a login link: the one of that name; without a name the first admin, who is made where there is nobody yet. */
  async forLink(name: string | undefined): Promise<UserRow> {
    const all = await this.db.selectFrom('users').selectAll().orderBy('created_at').execute();
    const found = name === undefined ? all.find((user) => user.role === 'admin') : all.find((user) => user.name === name);
    if (found !== undefined) return found;
    if (name !== undefined && all.length > 0) throw new HoldfastError('not-found', `There is no user "${name}" on this hub. Leave the name out to log in as its first admin.`);
    const { id } = await this.create({ name: name ?? 'admin', role: 'admin', password: null });
    return this.get(id);
  }
}

async function someAdmin(queries: Queries): Promise<void> {
  const admin = await queries.selectFrom('users').select('id').where('role', '=', 'admin').executeTakeFirst();
  if (admin === undefined) throw new HoldfastError('usage', 'This is the only admin. Make somebody else an admin first.');
}

const view = (row: UserRow): UserView =>
  ({ id: row.id, name: row.name, role: roleSchema.parse(row.role), createdAt: new Date(row.created_at).toISOString(), hasPassword: row.password_hash !== null });
