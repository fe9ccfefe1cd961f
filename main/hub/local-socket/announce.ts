/**
 * Tells the agents of this same user on this computer where a hub's folder is, so that they can see for themselves whose hub it is:
 * a file `<name>.hub` with the folder's path, in a folder that only this user may enter. main/platform/policy reads it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { writePrivateFile } from '../store/private-files.js';
import { checkPrivate } from './path.js';

const runtimeFolder = (): string => path.join(tmpdir(), `holdfast-${userInfo().uid}`);
const noteOf = (dataFolder: string): string => path.join(runtimeFolder(), `${createHash('sha256').update(path.resolve(dataFolder)).digest('hex').slice(0, 16)}.hub`);

/** Where it cannot be told, agents ask their owner instead; that must not keep a hub from starting. */
export async function announce(dataFolder: string): Promise<void> {
  try {
    await checkPrivate(runtimeFolder(), true);
    await forgetGone();
    await writePrivateFile(noteOf(dataFolder), path.resolve(dataFolder));
  } catch {
    // see above
  }
}

export async function withdraw(dataFolder: string): Promise<void> {
  await rm(noteOf(dataFolder), { force: true }).catch(() => undefined);
}

/** Hubs that were killed leave their note; it goes once their folder is gone. */
async function forgetGone(): Promise<void> {
  const folder = runtimeFolder();
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.hub')) continue;
    const note = path.join(folder, name);
    const told = await readFile(note, 'utf8').catch(() => '');
    if (!path.isAbsolute(told) || (await stat(told).catch(() => null)) === null) await rm(note, { force: true });
  }
}
