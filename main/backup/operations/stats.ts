/** The stats operation, with restic's four ways of counting. */
import type { Id } from '../format/id.js';
import { BlobReader } from '../repository/blobs.js';
import { findSnapshot, loadSnapshots, matches } from '../repository/snapshots.js';
import { findUsedBlobs } from '../repository/used-blobs.js';
import { statsRequest, type Control, type StatsRequest, type StatsResult } from '../types.js';
import { withRepository } from './session.js';

export async function stats(request: StatsRequest, control: Control = {}): Promise<StatsResult> {
  const parsed = statsRequest.parse(request);
  const mode = parsed.mode ?? 'restore-size';
  return withRepository(parsed.repository, 'none', control, async ({ repository, signal }) => {
    const { index } = await repository.loadIndex({ signal });
    const chosen = parsed.snapshots && parsed.snapshots.length > 0
      ? await Promise.all(parsed.snapshots.map((id) => findSnapshot(repository, id, parsed.filter, signal)))
      : (await loadSnapshots(repository, signal)).filter((snapshot) => matches(snapshot, parsed.filter));
    const result: StatsResult = { mode, snapshots_count: chosen.length, total_size: 0 };

    if (mode === 'raw-data') {
      const { marks } = await findUsedBlobs(repository, index, chosen, signal);
      let plain = 0;
      let compressed = 0;
      let blobs = 0;
      for (let entry = 0; entry < marks.length; entry++) {
        if (marks[entry] !== 1) continue;
        const { length, uncompressedLength } = index.at(entry);
        blobs++;
        result.total_size += length;
        compressed += length;
        plain += uncompressedLength || length;
      }
      const ratio = compressed > 0 ? plain / compressed : 1;
      return {
        ...result, total_blob_count: blobs, total_uncompressed_size: plain,
        ...(repository.config.version < 2 ? {} : { compression_ratio: ratio, compression_space_saving: (1 - 1 / ratio) * 100 }),
      };
    }

    const reader = new BlobReader(repository, index);
    let files = 0;
    let blobs = 0;
    const contents = new Set<string>();
    const visit = async (tree: Id, inodes: Set<string>): Promise<void> => {
      signal.throwIfAborted();
      for (const node of await reader.tree(tree, signal)) {
        if (node.type === 'file' && mode === 'restore-size') {
          const linked = Number(node.links) > 1;
          const key = `${node.deviceId}:${node.inode}`;
          files++;
          if (!linked || !inodes.has(key)) result.total_size += node.size;
          if (linked) inodes.add(key);
        } else if (node.type === 'file') {
          const key = mode === 'files-by-contents' ? (node.content ?? []).join() : `${node.name}\0${(node.content ?? []).join()}`;
          if (!contents.has(key)) {
            contents.add(key);
            files++;
            result.total_size += node.size;
            blobs += node.content?.length ?? 0;
          }
        } else if (mode === 'restore-size') files++;
        if (node.type === 'dir' && node.subtree !== null) await visit(node.subtree, inodes);
      }
    };
    for (const snapshot of chosen) await visit(snapshot.tree, new Set());
    return { ...result, total_file_count: files, ...(mode === 'blobs-per-file' ? { total_blob_count: blobs } : {}) };
  });
}
