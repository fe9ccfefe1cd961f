/** Errors of the file system as sentences. */
import { HoldfastError } from '../../shared/errors.js';

export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function pathIn(error: unknown, otherwise: string): string {
  return typeof error === 'object' && error !== null && 'path' in error && typeof error.path === 'string' ? error.path : otherwise;
}

/** An error from working on a repository in the folder `root`. */
export function localError(error: unknown, root: string): Error {
  if (error instanceof HoldfastError) return error;
  const path = pathIn(error, root);
  const options = { cause: error };
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new HoldfastError('not-found', `${path} does not exist.`, options);
    case 'ENOSPC':
      return new HoldfastError('destination-full', `The disk with ${root} is full. Free some space, or forget and prune old snapshots, and try again.`, options);
    case 'EDQUOT':
      return new HoldfastError('destination-full', `Your quota on the disk with ${root} is used up. Free some space and try again.`, options);
    case 'EFBIG':
      return new HoldfastError('destination-full', `A file in ${root} would be larger than this system allows. Raise the file size limit and try again.`, options);
    case 'EACCES':
    case 'EPERM':
      return new HoldfastError('permission-denied', `There is no permission to use ${path}. Check the owner and mode of ${root}.`, options);
    case 'EROFS':
      return new HoldfastError('permission-denied', `The disk with ${root} is read-only. Mount it for writing and try again.`, options);
    case 'ENODEV':
    case 'ENXIO':
    case 'ESTALE':
    case 'ENOTCONN':
    case 'EHOSTDOWN':
      return new HoldfastError('destination-missing', `The disk with ${root} is no longer there. Attach it and try again.`, options);
    case 'EIO':
      return new HoldfastError('destination-failed', `The disk with ${root} reports an error while working on ${path}. The disk may be failing: check it before you rely on it.`, options);
    case undefined:
      return error instanceof Error ? error : new Error(String(error));
    default:
      return new HoldfastError('destination-failed', `Working on ${path} failed (${codeOf(error) ?? ''}). Check the disk with ${root} and try again.`, options);
  }
}
