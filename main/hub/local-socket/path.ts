/** Where the local socket of a data folder is. Hub and client come to the same answer by themselves. */
import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';

/** sockaddr_un's path has 104 bytes on macOS and 108 on Linux, the closing zero included. */
const longestPath = 103;

export interface SocketPlace {
  readonly file: string;
  /** Null inside the data folder; else a folder of this user that must be private. */
  readonly folder: string | null;
}

export function socketPlace(dataFolder: string): SocketPlace {
  const whole = path.resolve(dataFolder);
  const inside = path.join(whole, 'hub.sock');
  if (Buffer.byteLength(inside) <= longestPath) return { file: inside, folder: null };
  const folder = path.join(tmpdir(), `holdfast-${userInfo().uid}`);
  return { file: path.join(folder, `${createHash('sha256').update(whole).digest('hex').slice(0, 16)}.sock`), folder };
}

/** A folder in a place that everybody may write to is trusted only if it is ours and closed to others. @throws HoldfastError `permission-denied`. */
export async function checkPrivate(folder: string | null, make: boolean): Promise<void> {
  if (folder === null) return;
  if (make) await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  const found = await lstat(folder).catch(() => null);
  if (found === null) return; // nobody listens there
  if (!found.isDirectory() || found.uid !== userInfo().uid || (found.mode & 0o077) !== 0) {
    throw new HoldfastError('permission-denied', `${folder} belongs to somebody else or is open to others. Remove it, or use a data folder with a shorter path.`);
  }
}
