/** The copy operation: snapshots from one repository into another, with only the blobs that are missing there. */
import type { Id } from '../format/id.js';
import { encodeSnapshot } from '../format/snapshot.js';
import type { BlobIndex, BlobLocation } from '../index/blob-index.js';
import { copyBlobs } from '../pruner/repack.js';
import { PackSaver } from '../repository/pack-saver.js';
import { findSnapshot, loadSnapshots, matches } from '../repository/snapshots.js';
import { findUsedBlobs } from '../repository/used-blobs.js';
import { copyRequest, type Control, type CopyRequest, type CopyResult, type Snapshot } from '../types.js';
import { ProgressReporter, withRepository } from './session.js';

export async function copy(request: CopyRequest, control: Control = {}): Promise<CopyResult> {
  const parsed = copyRequest.parse(request);
  return withRepository(parsed.from, 'shared', control, ({ repository: from }) => withRepository(parsed.repository, 'shared', control, async ({ repository: to, signal }) => {
    const wanted = parsed.snapshots && parsed.snapshots.length > 0
      ? await Promise.all(parsed.snapshots.map((id) => findSnapshot(from, id, parsed.filter, signal)))
      : (await loadSnapshots(from, signal)).filter((snapshot) => matches(snapshot, parsed.filter));
    const there = new Set((await loadSnapshots(to, signal)).map(fingerprint));
    const todo = wanted.filter((snapshot) => !there.has(fingerprint(snapshot)));
    const result: CopyResult = { copied: [], skipped: wanted.filter((s) => !todo.includes(s)).map((s) => s.id), blobs: 0, bytes: 0 };
    if (todo.length === 0) return result;

    const source = (await from.loadIndex({ signal })).index;
    const target = (await to.loadIndex({ signal })).index;
    const { marks } = await findUsedBlobs(from, source, todo, signal);
    const missing = missingBlobs(source, target, marks);
    for (const list of missing.values()) for (const blob of list) { result.blobs++; result.bytes += blob.length; }
    let bytes = 0;
    const reporter = new ProgressReporter(control.onProgress, () => ({ action: 'copy', files_done: 0, bytes_done: bytes, total_bytes: result.bytes, error_count: 0 }));
    const saver = new PackSaver(to, { signal });
    try {
      await copyBlobs(missing, { from, to, saver, signal, recompress: true, onPack: (count) => { bytes += count; } });
      await saver.flush();
      for (const snapshot of todo) {
        const { id, short_id: _short, parent: _parent, ...file } = snapshot;
        const fresh = await to.save('snapshots', encodeSnapshot({ ...file, original: snapshot.original ?? id }), signal);
        result.copied.push({ source: id, snapshot: fresh });
      }
    } finally {
      reporter.stop();
      await saver.abandon();
      await to.backend.discardSpool();
    }
    return result;
  }));
}

/** Two snapshots that say the same of the same files are the same, whatever repository they are in. */
function fingerprint(s: Snapshot): string {
  return JSON.stringify([Date.parse(s.time), s.tree, s.paths, s.hostname, s.tags ?? []]);
}

function missingBlobs(source: BlobIndex, target: BlobIndex, marks: Uint8Array): Map<Id, BlobLocation[]> {
  const missing = new Map<Id, BlobLocation[]>();
  for (let entry = 0; entry < marks.length; entry++) {
    if (marks[entry] !== 1) continue;
    const blob = source.at(entry);
    if (target.has(blob.type, blob.id)) continue;
    const list = missing.get(blob.pack);
    if (list) list.push(blob);
    else missing.set(blob.pack, [blob]);
  }
  for (const list of missing.values()) list.sort((a, b) => a.offset - b.offset);
  return missing;
}
