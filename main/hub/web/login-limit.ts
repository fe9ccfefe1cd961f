/**
 * Guessing of passwords: after too many attempts the next one is refused before it is even looked at, right or wrong. Counted in
 * the database, so that several hubs on one database count as one, and a restart forgives nothing.
 */
import type { HubClock } from '../options.js';
import type { Database } from '../store/database.js';

const windowMs = 5 * 60_000;
const perAddress = 10;
/** Guesses at one user from anywhere. Login links are not held up by it. */
const perUser = 50;
/** Old counts are removed with every so-manieth attempt. */
const tidyEvery = 100;

export class LoginLimit {
  private attempts = 0;

  constructor(private readonly db: Database, private readonly clock: Pick<HubClock, 'now'>) {}

  /** Notes an attempt. False when it must be refused. Addresses that are refused do not count against the user any more. */
  async allows(address: string, user: string | null): Promise<boolean> {
    if (await this.note(addressKey(address)) > perAddress) return false;
    return user === null || await this.note(`user ${user.trim()}`) <= perUser;
  }

  /** A success: the address starts afresh. */
  async succeeded(address: string): Promise<void> {
    await this.db.deleteFrom('login_attempts').where('key', '=', addressKey(address)).execute();
  }

  private async note(key: string): Promise<number> {
    const now = this.clock.now();
    const begins = now - windowMs;
    this.attempts += 1;
    if (this.attempts % tidyEvery === 0) await this.db.deleteFrom('login_attempts').where('since', '<=', begins).execute();
    const { count } = await this.db.insertInto('login_attempts').values({ key, count: 1, since: now })
      .onConflict((on) => on.column('key').doUpdateSet((eb) => {
        const old = eb.or([eb('login_attempts.since', '<=', begins), eb('login_attempts.since', '>', now + windowMs)]);
        return {
          count: eb.case().when(old).then(1).else(eb('login_attempts.count', '+', 1)).end(),
          since: eb.case().when(old).then(now).else(eb.ref('login_attempts.since')).end(),
        };
      }))
      .returning('count').executeTakeFirstOrThrow();
    return count;
  }
}

const addressKey = (address: string): string => `address ${address.replace(/^::ffff:/, '')}`;
