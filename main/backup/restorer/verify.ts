/** Reads restored files back and compares them with the snapshot. */
import type { BlobIndex } from '../index/blob-index.js';
import type { RestorePool } from './content-writer.js';
import type { PlannedFile } from './plan.js';
import type { RestoreTally } from './tally.js';

const filesAtOnce = 100;

export async function verifyFiles(files: readonly PlannedFile[], pool: RestorePool, index: BlobIndex, tally: RestoreTally): Promise<void> {
  const tasks: Promise<void>[] = [];
  for (let at = 0; at < files.length; at += filesAtOnce) {
    const batch = files.slice(at, at + filesAtOnce);
    await pool.room(8);
    tasks.push(pool.run({
      kind: 'verify',
      files: batch.map((file) => ({
        path: file.path, size: file.node.size,
        blobs: (file.node.content ?? []).map((id) => ({ id, length: index.plainLength('data', id) ?? 0 })),
      })),
    }).then(({ failures }) => {
      tally.verified += batch.length - failures.length;
      for (const { file, message } of failures) tally.error(batch[file]?.path ?? '', message);
    }));
    tasks.at(-1)?.catch(() => undefined);
  }
  await Promise.all(tasks);
}
