/** The worker's side of looking for folders that have not changed: what is in each is compared with its tree in the parent snapshot. */
import { ListingReader, ListingWriter } from '../archiver/listing.js';
import { FolderComparison, type UnchangedFolder } from '../archiver/unchanged.js';
import { HoldfastError } from '../../shared/errors.js';
import { ByteWriter } from '../format/byte-writer.js';
import type { KnownBlobs } from '../index/known-blobs.js';
import type { Files } from '../posix/files.js';
import type { BlobOpener } from '../repository/blob-opener.js';
import { codeOf } from '../backend/local-errors.js';
import type { FolderToLook } from './messages.js';

export interface FolderLookOptions {
  readonly opener: BlobOpener;
  readonly known: KnownBlobs;
  readonly files: Files;
  readonly withAtime: boolean;
}

export class FolderLook {
  private readonly comparison: FolderComparison;
  private readonly listings: ListingWriter;
  private readonly out = new ByteWriter();

  constructor(private readonly options: FolderLookOptions) {
    this.comparison = new FolderComparison(options.known);
    this.listings = new ListingWriter(options.files, options.withAtime);
  }

  /** @returns null when it has changed or cannot be read: the walk finds out what there is to tell */
  look(folder: FolderToLook): UnchangedFolder | null {
    try {
      this.out.clear();
      if (!this.listings.write(this.out, folder.path)) return null;
      return this.comparison.compare(this.options.opener.open(folder.tree, folder.tree.sealed, folder.tree.pack), new ListingReader(this.out.bytes));
    } catch (error) {
      if (error instanceof HoldfastError || codeOf(error) !== undefined) return null;
      throw error;
    }
  }
}
