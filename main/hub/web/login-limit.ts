/** Guessing of passwords: after too many attempts the next one is refused before it is even looked at, right or wrong. */
import type { HubClock } from '../options.js';

const windowMs = 5 * 60_000;
const perAddress = 10;
/** Guesses at one user from anywhere. Login links are not held up by it. */
const perUser = 50;
const maxKeys = 10_000;

export class LoginLimit {
  private readonly attempts = new Map<string, { count: number; since: number }>();

  constructor(private readonly clock: Pick<HubClock, 'now'>) {}

  /** Notes an attempt. False when it must be refused. */
  allows(address: string, user: string | null): boolean {
    const fromHere = this.note(`address ${address.replace(/^::ffff:/, '')}`) <= perAddress;
    return (user === null || this.note(`user ${user.trim()}`) <= perUser) && fromHere;
  }

  /** A success: the address starts afresh. */
  succeeded(address: string): void {
    this.attempts.delete(`address ${address.replace(/^::ffff:/, '')}`);
  }

  private note(key: string): number {
    const now = this.clock.now();
    const known = this.attempts.get(key);
    const entry = known === undefined || now - known.since >= windowMs || now < known.since ? { count: 0, since: now } : known;
    entry.count += 1;
    this.attempts.delete(key);
    this.attempts.set(key, entry);
    const oldest = this.attempts.keys().next().value;
    if (this.attempts.size > maxKeys && oldest !== undefined) this.attempts.delete(oldest);
    return entry.count;
  }
}
