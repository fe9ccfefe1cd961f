/**
 * One agent per data folder: flock(2) on a file in it. The kernel lets go of the lock when the process ends, however it ends,
 * so there is no stale lock. (Called through koffi; Node has no such call. https://man7.org/linux/man-pages/man2/flock.2.html)
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { fileError } from '../files/errors.js';

export interface FolderLock {
  /** Lets go. The file stays: removing it would let two processes lock two files of one name. */
  release(): void;
}

const lockExclusive = 2; // LOCK_EX
const lockNonBlocking = 4; // LOCK_NB

/** @returns null while another process (or another lock in this one) holds it. @throws HoldfastError when the file cannot be used. */
export async function lockFolder(file: string): Promise<FolderLock | null> {
  const flock = await loadFlock();
  let fd: number;
  try {
    fd = openSync(file, 'a+', 0o600); // Node opens with O_CLOEXEC: a child does not inherit the lock
  } catch (cause) {
    throw fileError(`open ${file}`, cause);
  }
  const errno = flock(fd, lockExclusive | lockNonBlocking);
  if (errno !== 0) {
    closeSync(fd);
    if (errno === constants.errno.EWOULDBLOCK || errno === constants.errno.EAGAIN) return null;
    throw new HoldfastError('destination-failed', `The file ${file} cannot be locked (error ${errno}). Name a folder on a local disk in HOLDFAST_DATA.`);
  }
  ftruncateSync(fd);
  writeSync(fd, `${JSON.stringify({ pid: process.pid })}\n`);
  let held = true;
  return {
    release: () => {
      if (!held) return;
      held = false;
      closeSync(fd);
    },
  };
}

/** Who holds the lock, for a message; null when the file does not say. */
export function lockHolder(file: string): number | null {
  try {
    return z.object({ pid: z.number().int() }).parse(JSON.parse(readFileSync(file, 'utf8'))).pid;
  } catch {
    return null;
  }
}

/** @returns 0 or the error number. */
async function loadFlock(): Promise<(fd: number, operation: number) => number> {
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(process.platform === 'darwin' ? '/usr/lib/libSystem.B.dylib' : null);
    const flock: (fd: number, operation: number) => unknown = library.func('int flock(int fd, int operation)');
    return (fd, operation) => (flock(fd, operation) === 0 ? 0 : koffi.errno());
  } catch (cause) {
    throw new HoldfastError('internal', `The lock of the data folder cannot be made on this system (${process.platform} ${process.arch}). Holdfast needs glibc, musl or macOS on a common processor.`, { cause });
  }
}
