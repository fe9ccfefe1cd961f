// @ts-check
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { archive } from './archive.mjs';
import { mustRun } from '../run.mjs';

/**
 * The archive that electron-builder makes carries the minute of its build in every file and in its first bytes; here it is
 * packed again without. A deb and an rpm take SOURCE_DATE_EPOCH themselves.
 * @param {{file: string}} artifact
 */
export default async function afterArtifact({ file }) {
  if (!file.endsWith('.tar.gz')) return;
  const work = mkdtempSync(path.join(path.dirname(file), '.archive-'));
  try {
    await mustRun('unpacking the archive', 'tar', ['-xzf', file, '-C', work]);
    const again = path.join(work, 'again.tar.gz');
    await archive(again, work, path.basename(file, '.tar.gz'));
    renameSync(again, file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
