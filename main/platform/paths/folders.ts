/** Makes the folders of {@link Paths}, for this user only. */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { fileError, systemCode } from '../files/errors.js';
import type { Paths } from './paths.js';

/**
 * Makes what is not there (0700).
 * @throws HoldfastError when that cannot be, when others could write into a folder, or when root came with another user's home (`sudo` may keep HOME).
 */
export async function makeFolders(paths: Paths): Promise<void> {
  if (process.getuid?.() === 0 && paths.override === null && (await ownerAbove(paths.dataFolder)) !== 0) {
    throw new HoldfastError('permission-denied', `This runs as root, and ${paths.dataFolder} is in the home of another user, who could not use what root writes there. Run it as that user, or with root's own home (sudo -H), or name a folder in HOLDFAST_DATA.`);
  }
  for (const folder of [paths.dataFolder, path.dirname(paths.settingsFile), paths.logFolder, paths.cacheFolder]) await makePrivateFolder(folder);
}

/** @throws HoldfastError `permission-denied` with what to do. */
export async function makePrivateFolder(folder: string): Promise<void> {
  try {
    await makeWithParents(folder);
  } catch (cause) {
    const code = systemCode(cause);
    const advice = 'Name a folder that you can write in HOLDFAST_DATA';
    if (code === 'EROFS') throw new HoldfastError('permission-denied', `The folder ${folder} cannot be made: the file system is read-only. ${advice}.`, { cause });
    if (code === 'EACCES' || code === 'EPERM') throw new HoldfastError('permission-denied', `The folder ${folder} cannot be made: you are not allowed to. ${advice}, or correct the permissions.`, { cause });
    if (code === 'EEXIST' || code === 'ENOTDIR') throw new HoldfastError('permission-denied', `The folder ${folder} cannot be made: a file is in its way. ${advice}, or move that file.`, { cause });
    throw fileError(`make the folder ${folder}`, cause);
  }
  const { mode, uid } = await stat(folder).catch((cause: unknown) => { throw fileError(`look at the folder ${folder}`, cause); });
  const me = process.getuid?.();
  if (me !== undefined && me !== 0 && uid !== me) {
    throw new HoldfastError('permission-denied', `The folder ${folder} belongs to another user. Name a folder of your own in HOLDFAST_DATA.`);
  }
  if ((mode & 0o022) !== 0) {
    throw new HoldfastError('permission-denied', `Others may write into the folder ${folder}. Run chmod go-w on it, or name another folder in HOLDFAST_DATA.`);
  }
}

/** Node's own recursive mkdir says ENOENT on a read-only file system. @throws the system's error */
async function makeWithParents(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' && folder !== path.dirname(folder)) {
      await makeWithParents(path.dirname(folder));
      await makeWithParents(folder);
    } else if (!(await isFolder(folder))) {
      throw cause;
    }
  }
}

const isFolder = (folder: string): Promise<boolean> => stat(folder).then((found) => found.isDirectory(), () => false);

/** Who owns the folder, or what of its path is there already. */
async function ownerAbove(folder: string): Promise<number> {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      return (await stat(at)).uid;
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT' || at === path.dirname(at)) throw fileError(`look at the folder ${at}`, cause);
    }
  }
}
