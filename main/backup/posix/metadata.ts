/** Gives restored files and folders their owner, attributes, times and mode, in an order in which none undoes another. */
import { chmodSync } from 'node:fs';
import { unixPermissions } from '../format/mode.js';
import { toBytes, type ByteString } from '../format/text.js';
import { codeOf } from '../backend/local-errors.js';
import type { FileMetadata } from '../workers/messages.js';
import type { Files } from './files.js';

/**
 * Tries everything and then reports the first failure. Ordinary users may not give files away, which is no failure.
 * @returns what could not be done, or null
 */
export function applyMetadata(files: Files, path: ByteString, m: FileMetadata, isLink: boolean): string | null {
  const isRoot = process.geteuid?.() === 0;
  let failure: string | null = null;
  const attempt = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      const code = codeOf(error);
      if (!isRoot && (code === 'EPERM' || code === 'EACCES')) return;
      failure ??= `its ${what} could not be restored (${code ?? String(error)})`;
    }
  };
  attempt('owner', () => { files.chown(path, m.uid, m.gid); });
  attempt('extended attributes', () => { files.setXattrs(path, m.xattrs.map(({ name, value }) => ({ name, value: Buffer.from(value) })), false); });
  if (!isLink) attempt('mode', () => { chmodSync(toBytes(path), unixPermissions(m.mode)); });
  attempt('times', () => { files.setTimes(path, m.atime, m.mtime); });
  return failure;
}
