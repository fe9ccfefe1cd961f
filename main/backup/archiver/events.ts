import type { ByteString } from '../format/text.js';

/** What the archiver reports. Paths are those of the file system. */
export interface ArchiveEvents {
  /** A file or folder that could not be read, wholly or in part. */
  error(path: ByteString, message: string): void;
  file(state: 'new' | 'changed' | 'unmodified', size: number, path: ByteString): void;
  /** Several at once. @param last the path of one of them */
  unmodifiedFiles(count: number, bytes: number, last: ByteString): void;
  folder(state: 'new' | 'changed' | 'unmodified'): void;
  /** Bytes of unchanged files, which no worker counts. */
  skippedBytes(bytes: number): void;
  excluded(rule: string, path: ByteString, size: number): void;
}
