/**
 * Small writes of many agents share one transaction: making a transaction survive a power cut costs more than anything in it.
 * Each write resolves only once it is on disk.
 */
import type { Database, Queries } from './database.js';

/** Writes that share a transaction, at most. */
const together = 200;
/** Nobody else gets at the database, nor on SQLite at this process, for longer than this, ms. */
const atMostMs = 20;

interface Waiting {
  /** Does the write and keeps its result. */
  run(queries: Queries): Promise<void>;
  done(): void;
  failed(error: unknown): void;
}

export class GroupCommit {
  private readonly waiting: Waiting[] = [];
  private running = false;

  constructor(private readonly db: Database) {}

  /** @param work may be done twice: when another one of its group fails, it is done again in a transaction of its own. */
  write<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let finish = (): void => undefined;
      this.waiting.push({
        run: async (queries) => {
          const result = await work(queries);
          finish = () => resolve(result);
        },
        done: () => finish(),
        failed: reject,
      });
      if (this.running) return;
      this.running = true;
      // What comes in this turn of the event loop goes into the same transaction.
      setImmediate(() => void this.drain());
    });
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const group: Waiting[] = [];
      try {
        await this.db.transaction().execute(async (queries) => {
          const until = performance.now() + atMostMs;
          for (let entry = this.waiting.shift(); entry !== undefined; entry = this.waiting.shift()) {
            group.push(entry);
            await entry.run(queries);
            if (group.length >= together || performance.now() >= until) break;
          }
        });
        for (const entry of group) entry.done();
      } catch {
        for (const entry of group) await this.alone(entry);
      }
      // SQLite answers without leaving this turn of the event loop: without a pause, nothing else would have one.
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    this.running = false;
  }

  private async alone(entry: Waiting): Promise<void> {
    try {
      await this.db.transaction().execute((queries) => entry.run(queries));
      entry.done();
    } catch (error) {
      entry.failed(error);
    }
  }
}
