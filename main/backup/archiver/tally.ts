/** Counts what a backup does: for the summary, for progress, and the list of what went wrong. */
import { toText, type ByteString } from '../format/text.js';
import { formatTime, fromMillis } from '../format/time.js';
import { maxListedErrors, type Control, type ExcludedByRule, type ItemError, type SnapshotSummary } from '../types.js';
import type { BlobCounts } from '../workers/messages.js';
import type { ArchiveEvents } from './events.js';

type State = 'new' | 'changed' | 'unmodified';

export class BackupTally implements ArchiveEvents {
  readonly errors: ItemError[] = [];
  errorCount = 0;
  private readonly filesBy: Record<State, number> = { new: 0, changed: 0, unmodified: 0 };
  private readonly foldersBy: Record<State, number> = { new: 0, changed: 0, unmodified: 0 };
  private readonly rules = new Map<string, { count: number; bytes: number }>();
  private bytes = 0;
  private skipped = 0;
  private data: BlobCounts = { blobs: 0, added: 0, packed: 0 };
  private trees: BlobCounts = { blobs: 0, added: 0, packed: 0 };
  private current = '';

  constructor(private readonly control: Pick<Control, 'onItemError'>) {}

  error(path: ByteString, message: string): void {
    this.errorCount++;
    const error = { path: toText(path), message };
    if (this.errors.length < maxListedErrors) this.errors.push(error);
    this.control.onItemError?.(error);
  }

  file(state: State, size: number, path: ByteString): void {
    this.filesBy[state]++;
    this.bytes += size;
    this.current = path;
  }

  unmodifiedFiles(count: number, bytes: number, last: ByteString): void {
    this.filesBy.unmodified += count;
    this.bytes += bytes;
    this.skipped += bytes;
    this.current = last;
  }

  folder(state: State): void {
    this.foldersBy[state]++;
  }

  skippedBytes(bytes: number): void {
    this.skipped += bytes;
  }

  excluded(rule: string, _path: ByteString, size: number): void {
    const known = this.rules.get(rule) ?? { count: 0, bytes: 0 };
    known.count++;
    known.bytes += size;
    this.rules.set(rule, known);
  }

  addBlobs(counts: BlobCounts): void {
    this.data = { blobs: this.data.blobs + counts.blobs, added: this.data.added + counts.added, packed: this.data.packed + counts.packed };
  }

  addTrees(counts: BlobCounts): void {
    this.trees = counts;
  }

  excludedByRule(): ExcludedByRule[] {
    return [...this.rules].map(([rule, { count, bytes }]) => ({ rule, count, ...(bytes > 0 ? { bytes } : {}) }));
  }

  /** @param read bytes that workers have read */
  progress(read: number): { files_done: number; bytes_done: number; error_count: number; current_files: string[] } {
    return {
      files_done: this.filesBy.new + this.filesBy.changed + this.filesBy.unmodified, bytes_done: read + this.skipped,
      error_count: this.errorCount, current_files: this.current === '' ? [] : [toText(this.current)],
    };
  }

  /** @param start milliseconds since 1970, like `end` */
  summary(start: number, end: number): SnapshotSummary {
    const { filesBy, foldersBy } = this;
    return {
      backup_start: formatTime(fromMillis(start)), backup_end: formatTime(fromMillis(end)),
      files_new: filesBy.new, files_changed: filesBy.changed, files_unmodified: filesBy.unmodified,
      dirs_new: foldersBy.new, dirs_changed: foldersBy.changed, dirs_unmodified: foldersBy.unmodified,
      data_blobs: this.data.blobs, tree_blobs: this.trees.blobs,
      data_added: this.data.added + this.trees.added, data_added_packed: this.data.packed + this.trees.packed,
      total_files_processed: filesBy.new + filesBy.changed + filesBy.unmodified, total_bytes_processed: this.bytes,
    };
  }
}
