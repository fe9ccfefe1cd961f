/** Opens an SQLite database that came out of a snapshot, has SQLite check all of it, and counts it. On a thread of its own: SQLite works synchronously. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../../shared/errors.js';
import { builtFile } from '../../workers/built.js';

const counted = z.object({ tables: z.number().int(), rows: z.number().int() });
const answer = z.union([z.object({ counted }), z.object({ problem: z.string() })]);
/** What the thread is started with; anything else that loads this module only wants its functions. */
const order = z.object({ checkSqlite: z.string() });

const first = (row: unknown): unknown => Object.values(z.record(z.string(), z.unknown()).parse(row))[0];

async function check(file: string): Promise<z.infer<typeof answer>> {
  const { default: Database } = await import('libsql');
  try {
    const database = new Database(file, { readonly: true });
    try {
      const found = String(first(database.prepare('pragma integrity_check(1)').get()));
      if (found !== 'ok') return { problem: found };
      const names = database.prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\' and sql not like 'create virtual%'").all().map((row) => String(first(row)));
      const rows = names.reduce((sum, name) => sum + Number(first(database.prepare(`select count(*) from "${name.replaceAll('"', '""')}"`).get())), 0);
      return { counted: { tables: names.length, rows } };
    } finally {
      database.close();
    }
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}

/** @throws HoldfastError `source-failed` where it is damaged or no database; `cancelled`. */
export async function checkSqlite(file: string, name: string, signal: AbortSignal): Promise<{ tables: number; rows: number }> {
  signal.throwIfAborted();
  const worker = new Worker(builtFile(import.meta.url, './load.js'), { execArgv: [], workerData: { checkSqlite: file } });
  const stop = (): void => { void worker.terminate(); };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const said = await new Promise<unknown>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject).once('exit', () => { reject(new HoldfastError('cancelled', 'Cancelled.')); });
    });
    const result = answer.parse(said);
    if ('problem' in result) throw new HoldfastError('source-failed', `${name} is not whole: ${result.problem.replace(/\.$/, '')}. Restore it from an older snapshot.`);
    return result.counted;
  } catch (error) {
    signal.throwIfAborted();
    throw asHoldfastError(error);
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

const started = order.safeParse(workerData);
if (!isMainThread && started.success) void check(started.data.checkSqlite).then((said) => parentPort?.postMessage(said));
