/** What the engine knows of a file from lstat, with nanoseconds. */
import { lstatSync, type BigIntStats } from 'node:fs';
import type { Time } from '../format/time.js';

export interface Stat {
  /** st_mode: type and permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly size: number;
  /** A bigint only where a number would not be exact. */
  readonly ino: number | bigint;
  readonly dev: number | bigint;
  readonly rdev: number | bigint;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
}

const billion = 1_000_000_000n;

function timeOf(nanos: bigint): Time {
  const seconds = nanos >= 0n ? nanos / billion : -((-nanos + billion - 1n) / billion);
  return { seconds: Number(seconds), nanos: Number(nanos - seconds * billion) };
}

export function exact(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export function fromBigIntStats(s: BigIntStats): Stat {
  return {
    mode: Number(s.mode), uid: Number(s.uid), gid: Number(s.gid), nlink: Number(s.nlink), size: Number(s.size),
    ino: exact(s.ino), dev: exact(s.dev), rdev: exact(s.rdev),
    atime: timeOf(s.atimeNs), mtime: timeOf(s.mtimeNs), ctime: timeOf(s.ctimeNs),
  };
}

/** lstat through node:fs: right everywhere, a third of the speed. Throws Node's errors. */
export function nodeLstat(path: Buffer): Stat {
  return fromBigIntStats(lstatSync(path, { bigint: true }));
}
