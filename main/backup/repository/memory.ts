/**
 * What this computer remembers of a repository between operations, beside its cache: whether the last backup ended well, and which
 * locks it could not remove. All of it may be lost at any time; then the repository is asked instead.
 */
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isId, type Id } from '../format/id.js';

export class RunMemory {
  /** @param folder of this repository alone; null remembers nothing */
  constructor(private readonly folder: string | null) {}

  /** Nothing that a backup from here has stored is in no index. */
  async endedWell(): Promise<boolean> {
    return this.folder !== null && stat(join(this.folder, 'ended-well')).then(() => true, () => false);
  }

  /** To be told `false` before the first pack is stored, and what became of it afterwards. */
  async noteEnd(well: boolean): Promise<void> {
    if (this.folder === null) return;
    const marker = join(this.folder, 'ended-well');
    await (well ? this.write(marker) : rm(marker, { force: true })).catch(() => undefined);
  }

  /** Locks of operations from here that have ended, and that could not be removed then. */
  async leftLocks(): Promise<Id[]> {
    if (this.folder === null) return [];
    return (await readdir(join(this.folder, 'left-locks')).catch(() => [])).filter(isId);
  }

  async leaveLock(id: Id): Promise<void> {
    if (this.folder !== null) await this.write(join(this.folder, 'left-locks', id)).catch(() => undefined);
  }

  async forgetLock(id: Id): Promise<void> {
    if (this.folder !== null) await rm(join(this.folder, 'left-locks', id), { force: true }).catch(() => undefined);
  }

  private async write(path: string): Promise<void> {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
    await writeFile(path, '', { mode: 0o600 });
  }
}
