/** How long runs and their log lines are kept. Without an end, a hub's disk would be full of them one day. */
import type { HubClock, HubLogger } from '../options.js';
import { finalRunStates } from '../../shared/model.js';
import type { Database } from '../store/database.js';

export const usualHistoryDays = 400;
/** Of one job the newest so many are kept at most, however often it runs. */
const perJob = 5_000;
const day = 86_400_000;
const lookEvery = 3_600_000;
/** Removed in one transaction, so that nobody waits long for the database. */
const together = 100;

export interface HistoryPorts {
  readonly db: Database;
  readonly clock: HubClock;
  readonly logger: HubLogger;
  /** Of several hubs on one database, one tidies up. */
  readonly leases: { lease(name: string, ms: number): Promise<boolean> };
  readonly days: number;
}

export class History {
  private cancelTimer: () => void = () => undefined;
  private working: Promise<void> = Promise.resolve();
  private over = false;

  constructor(private readonly ports: HistoryPorts) {}

  start(): void {
    this.working = this.tidy().then(() => undefined, (error: unknown) => {
      if (!this.over) this.ports.logger.log('error', `Old runs could not be removed: ${error instanceof Error ? error.message : String(error)}`);
    });
    void this.working.then(() => {
      if (!this.over) this.cancelTimer = this.ports.clock.after(lookEvery, () => this.start());
    });
  }

  async close(): Promise<void> {
    this.over = true;
    this.cancelTimer();
    await this.working;
  }

  /** Removes what is too old or too much. The last run of a job stays, and whatever has not ended. @returns how many runs went. */
  async tidy(): Promise<number> {
    const { clock, days, db, leases, logger } = this.ports;
    if (!(await leases.lease('history', lookEvery))) return 0;
    let gone = await this.remove(null, clock.now() - days * day);
    const many = await db.selectFrom('runs').select('job_id').groupBy('job_id').having((eb) => eb.fn.countAll(), '>', perJob).execute();
    for (const { job_id: jobId } of many) {
      const last = await db.selectFrom('runs').select('queued_at').where('job_id', '=', jobId).orderBy('queued_at', 'desc').offset(perJob - 1).limit(1).executeTakeFirst();
      if (last !== undefined) gone += await this.remove(jobId, last.queued_at);
    }
    if (gone > 0) logger.log('info', `${gone} old runs were removed from the history`);
    return gone;
  }

  private async remove(jobId: string | null, before: number): Promise<number> {
    const { db } = this.ports;
    for (let gone = 0; ; ) {
      let query = db.selectFrom('runs').select('id').where('queued_at', '<', before).where('state', 'in', [...finalRunStates])
        .where('id', 'not in', (eb) => eb.selectFrom('jobs').select('last_run_id').where('last_run_id', 'is not', null).$castTo<{ last_run_id: string }>());
      if (jobId !== null) query = query.where('job_id', '=', jobId);
      const ids = (await query.orderBy('queued_at').limit(together).execute()).map(({ id }) => id);
      if (ids.length === 0 || this.over) return gone;
      await db.transaction().execute(async (queries) => {
        await queries.deleteFrom('run_logs').where('run_id', 'in', ids).execute();
        await queries.deleteFrom('runs').where('id', 'in', ids).execute();
      });
      gone += ids.length;
      await new Promise((resolve) => { setImmediate(resolve); });
    }
  }
}
