/** One hub per data folder. The lock is SQLite's own file lock, so that the kernel frees it when the process dies, however it dies. */
import path from 'node:path';
import Sqlite from 'libsql';
import { HoldfastError } from '../../shared/errors.js';

/** @returns a function that frees the folder. @throws HoldfastError `already-running`. */
export function lockFolder(dataFolder: string): () => void {
  const file = path.join(dataFolder, 'hub.lock');
  let lock: Sqlite.Database | null = null;
  try {
    lock = new Sqlite(file, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    if (cause instanceof Error && 'code' in cause && cause.code === 'SQLITE_BUSY') {
      throw new HoldfastError('already-running', `A hub runs with the data folder ${dataFolder} already. Stop it first, or choose another folder with --data.`, { cause });
    }
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('permission-denied', `The data folder ${dataFolder} cannot be used (${text}). Check that you may write there and that the disk is not full.`, { cause });
  }
  const held = lock;
  return () => { held.close(); };
}
