/** What went wrong with a file of ours, as a sentence. */
import { HoldfastError, type ErrorCode } from '../../shared/errors.js';

/** The system's code of an error (`ENOENT` ...), or undefined. */
export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

const reasons: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EACCES: ['permission-denied', 'you are not allowed to. Check the owner and the permissions of the folder'],
  EPERM: ['permission-denied', 'you are not allowed to. Check the owner and the permissions of the folder'],
  EROFS: ['permission-denied', 'the file system is read-only. Name a folder that can be written in HOLDFAST_DATA'],
  ENOSPC: ['destination-full', 'the disk is full. Free some space'],
  EDQUOT: ['destination-full', 'your disk quota is used up. Free some space'],
  ENOTDIR: ['destination-failed', 'a file is in the way where a folder should be. Move it elsewhere'],
  EISDIR: ['destination-failed', 'a folder is in the way. Move it elsewhere'],
  ENOENT: ['destination-failed', 'its folder is not there. Start Holdfast again'],
};

/** @param doing e.g. "write /home/me/x.json": the sentence says that this cannot be done, and why. */
export function fileError(doing: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  const code = systemCode(cause);
  const known = code === undefined ? undefined : reasons[code];
  if (known !== undefined) return new HoldfastError(known[0], `Cannot ${doing}: ${known[1]}.`, { cause });
  const text = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError('destination-failed', `Cannot ${doing}: ${text}. Check the disk.`, { cause });
}
