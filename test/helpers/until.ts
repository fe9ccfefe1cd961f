import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither undefined nor false, and returns it. Fails after `limit` milliseconds with
 * `what` and the last error, if asking failed.
 */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false> | T | undefined | false, limit = 20_000): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    let trouble: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      trouble = error;
    }
    if (Date.now() > deadline) throw new Error(`gave up after ${limit} ms waiting until ${what}`, { cause: trouble });
    await sleep(50);
  }
}
