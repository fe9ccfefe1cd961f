/** Folders for a tool's private file, which holds a password. Each is named after the process that made it, so that one that was killed leaves nothing for long. */
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'holdfast-tool-';
/** In memory where the system has such a place for this user. */
const privatePlace = (env: Environment): string => env['XDG_RUNTIME_DIR'] || tmpdir();

/** @returns a new folder that only this user can enter */
export const makePrivateFolder = (env: Environment): Promise<string> => mkdtemp(path.join(privatePlace(env), `${prefix}${process.pid}-`));

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Removes this user's folders of processes that are gone. Never rejects. @returns how many */
export async function removeLeftFolders(env: Environment): Promise<number> {
  const place = privatePlace(env);
  let removed = 0;
  for (const name of await readdir(place).catch(() => [])) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-\\w{6}$`).exec(name)?.[1]);
    if (!Number.isInteger(pid) || lives(pid)) continue;
    const folder = path.join(place, name);
    try {
      const found = await lstat(folder);
      if (!found.isDirectory() || found.uid !== process.getuid?.()) continue;
      await rm(folder, { recursive: true });
      removed += 1;
    } catch {
      // another one removes it as well
    }
  }
  return removed;
}
