/** The version before, and the data it understands: kept before an update, put back when the new version does not work. */
import { constants } from 'node:fs';
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileError, systemCode } from '../../platform/files/errors.js';

/** A file of a user that a new version may rewrite so that an older one no longer reads it. */
export interface FormerOptions {
  /** Where both are kept; on the disk of the data. */
  readonly folder: string;
  /** Absolute. What is not there is not kept. The journal is none of them: the hub has seen its numbers. */
  readonly dataFiles: readonly string[];
}

export class Former {
  constructor(private readonly options: FormerOptions) {}

  /**
   * Keeps a copy of the package and of the data. Agent and hub must have ended.
   * @param file the AppImage or the .app folder @returns where its copy is
   * @throws HoldfastError `destination-full` and others; nothing of the installation was touched then.
   */
  async keep(file: string): Promise<string> {
    const copy = path.join(this.options.folder, path.basename(file));
    try {
      await rm(this.options.folder, { recursive: true, force: true });
      await mkdir(this.dataFolder, { recursive: true, mode: 0o700 });
      await copyOf(file, copy);
      for (const [index, from] of this.options.dataFiles.entries()) if (await exists(from)) await copyOf(from, this.dataCopy(index, from));
      return copy;
    } catch (cause) {
      throw fileError('keep a copy of this version before the update', cause);
    }
  }

  /**
   * Puts both back in their places, each file as one step.
   * @param from where the copy of the package is @param to where it belongs
   */
  async putBack(from: string, to: string): Promise<void> {
    try {
      for (const [index, file] of this.options.dataFiles.entries()) {
        const kept = this.dataCopy(index, file);
        if (!(await exists(kept))) continue;
        await replace(kept, file);
        // What belongs to the newer database must not be replayed into the older one.
        for (const suffix of ['-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
      }
      await replace(from, to);
    } catch (cause) {
      throw fileError(`put the version before back to ${to}`, cause);
    }
  }

  async forget(): Promise<void> {
    await rm(this.options.folder, { recursive: true, force: true });
  }

  private get dataFolder(): string {
    return path.join(this.options.folder, 'data');
  }

  private dataCopy(index: number, file: string): string {
    return path.join(this.dataFolder, `${index}-${path.basename(file)}`);
  }
}

/** Links stay links: the frameworks of a .app are full of them. */
const copyOf = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE });

/** Puts a copy of `from` in the place of `to`. A folder cannot be renamed over one that holds something, so the old one goes aside. */
export async function replace(from: string, to: string): Promise<void> {
  const fresh = `${to}.new`;
  const aside = `${to}.old`;
  await rm(fresh, { recursive: true, force: true });
  await copyOf(from, fresh);
  if ((await stat(fresh)).isDirectory() && await exists(to)) {
    await rm(aside, { recursive: true, force: true });
    await rename(to, aside);
  }
  await rename(fresh, to);
  await rm(aside, { recursive: true, force: true });
}

const exists = (file: string): Promise<boolean> => stat(file).then(() => true, (cause: unknown) => {
  if (systemCode(cause) === 'ENOENT') return false;
  throw cause;
});
