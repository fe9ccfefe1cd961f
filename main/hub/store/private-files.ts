/** Files and folders that only this user may read. */
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { HoldfastError } from '../../shared/errors.js';

/** Makes `folder` where it is missing; whether new or old, nobody else may look into it afterwards. @throws HoldfastError `permission-denied`. */
export async function privateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  } catch (cause) {
    throw new HoldfastError('permission-denied', `The data folder ${folder} cannot be made or used (${cause instanceof Error ? cause.message : String(cause)}). Choose another with --data.`, { cause });
  }
}

/** Writes a file that is either whole or not there, 0600. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new HoldfastError('permission-denied', `${file} cannot be written (${cause instanceof Error ? cause.message : String(cause)}).`, { cause });
  }
}
