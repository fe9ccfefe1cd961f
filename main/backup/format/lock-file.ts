/** Lock files as restic's (facts: restic internal/repository/lock_file.go). */
import { z } from 'zod';
import { damaged } from './damage.js';
import { formatTime, fromMillis, parseTime, toMillis } from './time.js';

const shape = z.object({
  time: z.string(),
  exclusive: z.boolean(),
  hostname: z.string().default(''),
  username: z.string().default(''),
  pid: z.number().int(),
  uid: z.number().int().optional(),
  gid: z.number().int().optional(),
});

export interface LockFile {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export function encodeLock(lock: LockFile): Buffer {
  return Buffer.from(JSON.stringify({
    time: formatTime(fromMillis(lock.time)), exclusive: lock.exclusive, hostname: lock.hostname, username: lock.username, pid: lock.pid,
    ...(lock.uid ? { uid: lock.uid } : {}), ...(lock.gid ? { gid: lock.gid } : {}),
  }));
}

export function parseLock(bytes: Uint8Array, what: string): LockFile {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw damaged(what, 'it is not JSON', cause);
  }
  const parsed = shape.safeParse(json);
  const time = parsed.success ? parseTime(parsed.data.time) : null;
  if (!parsed.success || !time) throw damaged(what, 'a field is missing or has the wrong form');
  const { exclusive, hostname, username, pid, uid, gid } = parsed.data;
  return { time: toMillis(time), exclusive, hostname, username, pid, uid: uid ?? 0, gid: gid ?? 0 };
}

export const staleAfter = 30 * 60 * 1000;

/**
 * A lock is stale when it was not refreshed for half an hour, or when its process is gone from this computer.
 * @param isAlive whether a process with this id runs here
 */
export function isStale(lock: LockFile, here: { now: number; hostname: string; isAlive: (pid: number) => boolean }): boolean {
  if (here.now - lock.time > staleAfter) return true;
  return lock.hostname !== '' && lock.hostname === here.hostname && !here.isAlive(lock.pid);
}
