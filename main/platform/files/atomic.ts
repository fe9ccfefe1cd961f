/**
 * Replacing a file as one step: after a power cut the old or the new content is there, never a mixture.
 * Temp file in the same folder, fsync, rename, fsync of the folder.
 */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileError } from './errors.js';

/** @param mode permissions of the file; 0600 unless said otherwise. @throws HoldfastError; the old content then stands. */
export async function writeFileAtomic(file: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const temp = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temp, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temp, file);
    await syncFolder(path.dirname(file));
  } catch (cause) {
    await rm(temp, { force: true }).catch(() => undefined);
    throw fileError(`write ${file}`, cause);
  }
}

/** Waits until the folder's entries are on the disk: a new or renamed file is not there after a power cut otherwise. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
