/** Are the restored files what was backed up? Their content was compared by the engine, blob by blob; this compares the rest. */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { FoundEntry } from '../restore/reader.js';

/** File systems keep times more or less exactly, ms. */
const timePrecision = 2_000;

/** @returns what is different, as a sentence; null where nothing is. @param asRoot owners and all permission bits can be restored */
export async function difference(entry: FoundEntry, target: string, asRoot: boolean): Promise<string | null> {
  const found = await lstat(path.join(target, entry.path)).catch(() => null);
  const wrong = (what: string): string => `${entry.path} came back ${what}.`;
  if (found === null) return `${entry.path} did not come back.`;
  if (!found.isFile()) return wrong('as something else than a file');
  if (found.size !== entry.size) return wrong(`with ${found.size} instead of ${entry.size ?? 0} bytes`);
  const bits = asRoot ? 0o7777 : 0o777; // a user may not set the other bits for every owner
  if ((found.mode & bits) !== (entry.mode & bits)) return wrong('with other permissions');
  if (Math.abs(found.mtimeMs - Date.parse(entry.mtime)) > timePrecision) return wrong('with another time');
  if (asRoot && (found.uid !== entry.uid || found.gid !== entry.gid)) return wrong('with another owner');
  return null;
}
