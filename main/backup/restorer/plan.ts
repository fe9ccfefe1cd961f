/** Orders the writing of files by packs, so that every pack is read once. */
import type { Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import type { ByteString } from '../format/text.js';
import type { BlobIndex } from '../index/blob-index.js';
import type { BlobToWrite, FileMetadata, FileToWrite } from '../workers/messages.js';

export interface PlannedFile {
  readonly path: ByteString;
  readonly node: Node;
  /** Packs it still waits for. */
  packs: number;
}

export interface PackPlan {
  readonly pack: Id;
  readonly files: PlannedFile[];
  readonly targets: FileToWrite[];
  readonly blobs: BlobToWrite[];
}

export function metadataOf(node: Node): FileMetadata {
  return { mode: node.mode, uid: node.uid, gid: node.gid, mtime: node.mtime, atime: node.atime, xattrs: node.xattrs };
}

interface Draft {
  readonly files: PlannedFile[];
  readonly fileNumbers: Map<PlannedFile, number>;
  readonly blobs: Map<number, { offset: number; writes: number[] }>;
}

/**
 * @param onMissing called for a file with a blob that no index has
 * @returns one plan per pack, blobs in the order they lie in it
 */
export function planPacks(files: readonly PlannedFile[], index: BlobIndex, onMissing: (file: PlannedFile, blob: Id) => void): PackPlan[] {
  const drafts = new Map<Id, Draft>();
  for (const file of files) {
    let position = 0;
    for (const id of file.node.content ?? []) {
      const entry = index.numberOf('data', id);
      if (entry < 0) {
        onMissing(file, id);
        break;
      }
      const { pack, offset } = index.placeAt(entry);
      let draft = drafts.get(pack);
      if (!draft) drafts.set(pack, draft = { files: [], fileNumbers: new Map(), blobs: new Map() });
      let number = draft.fileNumbers.get(file);
      if (number === undefined) {
        number = draft.files.push(file) - 1;
        draft.fileNumbers.set(file, number);
        file.packs++;
      }
      let blob = draft.blobs.get(entry);
      if (!blob) draft.blobs.set(entry, blob = { offset, writes: [] });
      blob.writes.push(number, position);
      position += index.plainLengthAt(entry);
    }
  }
  return [...drafts].map(([pack, draft]) => ({
    pack, files: draft.files,
    targets: draft.files.map((file) => ({ path: file.path, size: file.node.size, metadata: file.packs === 1 ? metadataOf(file.node) : null })),
    blobs: [...draft.blobs].sort(([, a], [, b]) => a.offset - b.offset).map(([entry, { writes }]) => {
      const { id, offset, length, uncompressedLength } = index.at(entry);
      return { id, offset, length, uncompressedLength, writes };
    }),
  }));
}
