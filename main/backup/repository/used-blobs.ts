/** Which blobs snapshots use. */
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { damaged } from '../format/damage.js';
import { shortId, type Id } from '../format/id.js';
import type { BlobIndex } from '../index/blob-index.js';
import type { Snapshot } from '../types.js';
import { BlobReader } from './blobs.js';
import type { Repository } from './repository.js';

export interface UsedBlobs {
  /** One byte per entry number of the index, 1 where a snapshot uses the blob whose first entry that is. */
  readonly marks: Uint8Array;
  readonly trees: number;
}

/**
 * @throws `repository-damaged` when anything that a snapshot uses is missing: nothing may be removed then
 */
export async function findUsedBlobs(
  repository: Repository, index: BlobIndex, snapshots: readonly Snapshot[], signal: AbortSignal, onTree?: (done: number) => void,
): Promise<UsedBlobs> {
  const marks = new Uint8Array(index.size);
  const reader = new BlobReader(repository, index);
  const waiting: Id[] = snapshots.map((snapshot) => snapshot.tree);
  let trees = 0;
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const entry = index.numberOf('tree', id);
    if (entry < 0) throw damaged(`tree ${shortId(id)}`, 'a snapshot needs it and it is in no index');
    if (marks[entry] === 1) continue;
    marks[entry] = 1;
    if (++trees % 200 === 0) {
      await yieldToEvents();
      signal.throwIfAborted();
      onTree?.(trees);
    }
    for (const node of await reader.tree(id, signal)) {
      if (node.type === 'dir' && node.subtree !== null) waiting.push(node.subtree);
      for (const blob of node.content ?? []) {
        const number = index.numberOf('data', blob);
        if (number < 0) throw damaged(`data blob ${shortId(blob)}`, 'a snapshot needs it and it is in no index');
        marks[number] = 1;
      }
    }
  }
  return { marks, trees };
}
