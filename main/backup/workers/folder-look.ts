/** The worker's side of looking for folders that have not changed: list, lstat, compare with the tree of the parent. */
import { readdirSync } from 'node:fs';
import { FolderComparison, type Entry, type UnchangedFolder } from '../archiver/unchanged.js';
import { typeOf } from '../format/mode.js';
import { toBytes } from '../format/text.js';
import { HoldfastError } from '../../shared/errors.js';
import type { KnownBlobs } from '../index/known-blobs.js';
import type { Files } from '../posix/files.js';
import type { BlobOpener } from '../repository/blob-opener.js';
import { codeOf } from '../backend/local-errors.js';
import type { FolderToLook } from './messages.js';

export class FolderLook {
  private readonly comparison: FolderComparison;

  constructor(private readonly opener: BlobOpener, known: KnownBlobs, private readonly files: Files, withAtime: boolean) {
    this.comparison = new FolderComparison(files, withAtime, known);
  }

  /** @returns null when it has changed or cannot be read: the walk finds out what there is to tell */
  look(folder: FolderToLook): UnchangedFolder | null {
    try {
      const { path, tree } = folder;
      const prefix = path === '/' ? '/' : `${path}/`;
      const entries: Entry[] = [];
      for (const name of readdirSync(toBytes(path), { encoding: 'latin1' }).sort()) {
        const stat = this.files.lstat(prefix + name);
        const type = typeOf(stat.mode);
        if (type === 'irregular') return null;
        if (type !== 'socket') entries.push({ name, stat });
      }
      return this.comparison.compare(this.opener.open(tree, tree.sealed, tree.pack), entries);
    } catch (error) {
      if (error instanceof HoldfastError || codeOf(error) !== undefined) return null;
      throw error;
    }
  }
}
