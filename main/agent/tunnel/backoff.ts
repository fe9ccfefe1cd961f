/** How long to wait before the next attempt: exponential with full jitter, so that a whole office does not come back in the same second. */

const first = 2_000;
const shortest = 1_000;
const longest = 5 * 60_000;
/** A connection that held this long was a good one, ms. */
const stableAfter = 60_000;

export class Backoff {
  private failures = 0;

  /** @param random uniform in [0, 1). */
  constructor(private readonly random: () => number) {}

  /** The wait before the next attempt, 1 s to 5 min, in ms. Its upper end doubles with each call. */
  next(): number {
    const ceiling = Math.min(first * 2 ** this.failures, longest);
    this.failures = Math.min(this.failures + 1, 20);
    return Math.round(shortest + this.random() * (ceiling - shortest));
  }

  /** @param ms how long the connection that ended had been up. */
  connectionLasted(ms: number): void {
    if (ms >= stableAfter) this.reset();
  }

  reset(): void {
    this.failures = 0;
  }
}
