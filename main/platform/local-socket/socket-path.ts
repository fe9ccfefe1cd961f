/** Where the agent of a data folder listens. Both sides compute it, so it depends on nothing but folder and user. */
import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { makePrivateFolder } from '../paths/folders.js';
import { fileError, systemCode } from '../files/errors.js';

/** macOS allows 104 bytes with the closing zero, Linux 108 (sun_path in sys/un.h). */
const longest = 103;

/** `<data>/agent.sock`, or where that is too long for a socket, a name in a folder of this user's own below the temp folder. */
export function agentSocketPath(dataFolder: string): string {
  const usual = path.join(dataFolder, 'agent.sock');
  if (Buffer.byteLength(usual) <= longest) return usual;
  const name = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
  return path.join(os.tmpdir(), `holdfast-${process.getuid?.() ?? 0}`, `${name}-agent.sock`);
}

/**
 * Makes the folder of the socket, or makes sure that it is one that only this user can write: below the temp folder anybody could have made it.
 * @throws HoldfastError `permission-denied`.
 */
export async function checkSocketFolder(socketPath: string): Promise<void> {
  const folder = path.dirname(socketPath);
  const before = await lstat(folder).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null;
    throw fileError(`look at the folder ${folder}`, cause);
  });
  if (before !== null && (!before.isDirectory() || before.uid !== process.getuid?.())) {
    throw new HoldfastError('permission-denied', `${folder} is not a folder of this user's own. Remove it, or name a shorter path in HOLDFAST_DATA.`);
  }
  await makePrivateFolder(folder);
}
