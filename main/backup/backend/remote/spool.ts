/** A folder of our own for packs on their way to a remote place. Packs are sealed before they are written there. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, localError } from '../local-errors.js';

const prefix = 'holdfast-spool-';

export class SpoolSpace {
  private made: Promise<string> | null = null;

  constructor(private readonly parent: string = tmpdir()) {}

  /** Made on first use. What killed processes have left behind is removed then. */
  folder(): Promise<string> {
    this.made ??= this.make().catch((error: unknown) => {
      this.made = null;
      throw localError(error, this.parent);
    });
    return this.made;
  }

  async discard(): Promise<void> {
    const folder = await this.made?.catch(() => null);
    this.made = null;
    if (folder) await rm(folder, { recursive: true, force: true });
  }

  private async make(): Promise<string> {
    for (const name of await readdir(this.parent)) {
      const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : NaN;
      // another user's leftovers cannot be removed, and need not be
      if (!Number.isNaN(pid) && !isAlive(pid)) await rm(join(this.parent, name), { recursive: true, force: true }).catch(() => undefined);
    }
    return mkdtemp(join(this.parent, `${prefix}${process.pid}-`)); // mode 0700
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
