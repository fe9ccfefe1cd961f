/** The folder in which hubs of this user tell other programs of this user where they are. main/hub/local-socket comes to the same one. */
import { lstat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

/** @returns null where there is none, or where it is not this user's alone. */
export async function runtimeFolder(): Promise<string | null> {
  const { uid } = userInfo();
  const folder = path.join(tmpdir(), `holdfast-${uid}`);
  const found = await lstat(folder).catch(() => null);
  return found !== null && found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0 ? folder : null;
}
