/** The admin routes on a socket in the data folder, for commands of the same user. The file's mode is the only key. */
import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { announce, withdraw } from './announce.js';
import { checkPrivate, socketPlace } from './path.js';

/** The folder's lock is held, so a socket that is there already belongs to a hub that died. */
export async function listenLocally(server: Server, dataFolder: string): Promise<void> {
  const { file, folder } = socketPlace(dataFolder);
  await checkPrivate(folder, true);
  await rm(file, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Bound within this call, so that the file never exists with wider rights.
    const before = process.umask(0o177);
    try {
      server.listen(file, resolve);
    } finally {
      process.umask(before);
    }
  });
  await announce(dataFolder);
}

export async function removeSocket(dataFolder: string): Promise<void> {
  await withdraw(dataFolder);
  await rm(socketPlace(dataFolder).file, { force: true });
}
