/** Making a folder and renaming a file, on servers of all kinds. */
import type { Stats } from 'ssh2';
import type { Channel } from './channel.js';
import { status, statusOf } from './errors.js';
import { lacksExtension } from './transfer.js';

export async function makeFolder(sftp: Channel, path: string): Promise<void> {
  try {
    await sftp.ask((raw, done) => raw.mkdir(path, { mode: 0o700 }, (error) => done(error, undefined)));
  } catch (error) {
    const isThere = await sftp.ask<Stats>((raw, done) => raw.stat(path, done)).then((found) => found.isDirectory(), () => false);
    if (!isThere) throw error;
  }
}

/** Over an existing file where the server can. */
export async function rename(sftp: Channel, from: string, to: string): Promise<void> {
  try {
    return await sftp.ask((raw, done) => raw.ext_openssh_rename(from, to, (error) => done(error, undefined)));
  } catch (error) {
    if (statusOf(error) !== status.unsupported && !lacksExtension(error)) throw error;
  }
  const plain = (): Promise<void> => sftp.ask((raw, done) => raw.rename(from, to, (error) => done(error, undefined)));
  await plain().catch(async (error: unknown) => {
    if (statusOf(error) !== status.failure) throw error;
    await sftp.ask((raw, done) => raw.unlink(to, (failure) => done(failure, undefined))).catch(() => { throw error; });
    await plain();
  });
}
