/** Is the place of a repository there? For folders this is answered here, so that a missing disk is never taken for an empty one. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { fileError, systemCode } from '../files/errors.js';

const remote = /^(s3|sftp|rest|b2|azure|gs|swift|rclone):/;

/** The folder that a repository URL names; null for one on a server. */
export const localFolder = (url: string): string | null => (remote.test(url) ? null : path.resolve(url.replace(/^local:/, '')));

/**
 * The repository's own folder may be missing, but not the one that holds it: below the mount point of a disk that is not
 * attached, a new repository would fill the computer's own disk.
 * @throws HoldfastError `destination-missing`.
 */
export async function checkPlace(url: string): Promise<void> {
  const folder = localFolder(url);
  if (folder === null) return;
  const parent = path.dirname(folder);
  try {
    if (!(await stat(parent)).isDirectory()) throw new HoldfastError('destination-missing', `${parent} is not a folder. Choose another place for the repository.`, { retryable: false });
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new HoldfastError('destination-missing', `The folder ${parent} is not there. Attach the disk, or make the folder.`, { cause });
    }
    throw fileError(`reach ${parent}`, cause);
  }
}

/** A repository in a folder has its `config` file at the top (restic, doc/design.rst, "Repository Layout"). */
export async function holdsRepository(folder: string): Promise<boolean> {
  try {
    return (await stat(path.join(folder, 'config'))).isFile();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw fileError(`look into ${folder}`, cause);
  }
}
