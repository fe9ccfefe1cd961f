/** Temporary folders that are gone when the test is. */
import { mkdtempSync, realpathSync } from 'node:fs';
import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder, removed when the current test ends. Call it inside a test, or pass `keep` and remove it yourself with removeTree. */
export function tempFolder(options: { keep?: boolean } = {}): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'holdfast-')));
  if (!options.keep) onTestFinished(() => removeTree(folder));
  return folder;
}

/** Removes a folder with everything in it, also where a restored tree has folders without write permission. */
export async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(async () => {
    await makeRemovable(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
}

async function makeRemovable(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeRemovable(path.join(folder, entry.name));
  }
}
