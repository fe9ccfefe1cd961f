/** Counts wrong tokens per address. Only failures count, so nobody who has a right one is ever held up. */
import type { HubClock } from '../options.js';

const allowed = 20;
const windowMs = 60_000;
/** Addresses remembered at most; beyond that the oldest go. */
const maxAddresses = 10_000;

export class FailureLimit {
  private readonly failures = new Map<string, { count: number; since: number }>();

  constructor(private readonly clock: Pick<HubClock, 'now'>) {}

  /** Notes a failure. @returns false when this address had too many in the last minute. */
  failed(address: string): boolean {
    const key = address.replace(/^::ffff:/, '');
    const now = this.clock.now();
    const known = this.failures.get(key);
    const entry = known === undefined || now - known.since >= windowMs || now < known.since ? { count: 0, since: now } : known;
    entry.count += 1;
    this.failures.delete(key);
    this.failures.set(key, entry);
    if (this.failures.size > maxAddresses) {
      const oldest = this.failures.keys().next().value;
      if (oldest !== undefined) this.failures.delete(oldest);
    }
    return entry.count <= allowed;
  }
}
