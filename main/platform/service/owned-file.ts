/** Service files on disk, ours and others'. */
import { lstat, mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { writeFileAtomic } from '../files/atomic.js';
import { fileError, systemCode } from '../files/errors.js';

/** Begins a line of every service file that Holdfast writes, and of no other. */
export const marker = 'Written by Holdfast.';

export type ServiceFile =
  | { readonly owner: 'nobody' }
  | { readonly owner: 'holdfast'; readonly text: string }
  /** Somebody else's: left alone, and not even read beyond its marker. */
  | { readonly owner: 'other' };

export async function readServiceFile(file: string): Promise<ServiceFile> {
  try {
    // A link is never ours: systemd masks a unit by a link to /dev/null.
    if (!(await lstat(file)).isFile()) return { owner: 'other' };
    const text = await readFile(file, 'utf8');
    return text.includes(marker) ? { owner: 'holdfast', text } : { owner: 'other' };
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return { owner: 'nobody' };
    throw fileError(`read ${file}`, cause);
  }
}

/** @throws HoldfastError `permission-denied` for a file that Holdfast did not write. */
export function refuseForeign(name: string, where: string): never {
  throw new HoldfastError('permission-denied', `There is a service ${name} that Holdfast did not write (${where}), so it is left alone. Remove or rename it, then try again.`);
}

export async function writeServiceFile(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true }).catch((cause: unknown) => { throw fileError(`make the folder ${path.dirname(file)}`, cause); });
  await writeFileAtomic(file, text, 0o644);
}

/** Removes the file, and up to `levels` folders above it that are empty then: they may have been made for it. */
export async function removeServiceFile(file: string, levels: number): Promise<void> {
  await rm(file, { force: true }).catch((cause: unknown) => { throw fileError(`remove ${file}`, cause); });
  let folder = path.dirname(file);
  for (let level = 0; level < levels; level += 1) {
    try {
      await rmdir(folder);
    } catch {
      return; // it holds something else
    }
    folder = path.dirname(folder);
  }
}

/** @throws HoldfastError `usage` for a value that no service file can carry as it is. @param what "the path of the program" */
export function refuseUnwritable(what: string, value: string): void {
  // Control characters end or break a line; U+FFFD stands where a name was not UTF-8, so the real name is lost.
  if (/[\u0000-\u001f\u007f\ufffd\ufffe\uffff]/.test(value) || !value.isWellFormed()) {
    throw new HoldfastError('usage', `${what} contains a line break, another control character or bytes that are not UTF-8: ${JSON.stringify(value)}. A service file cannot carry that; rename it.`);
  }
}
