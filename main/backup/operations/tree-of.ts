/** From `latest`, `1a2b3c` or `1a2b3c:/sub/folder` to a tree. */
import { HoldfastError } from '../../shared/errors.js';
import type { Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import { fromText, type ByteString } from '../format/text.js';
import type { BlobReader } from '../repository/blobs.js';
import type { Repository } from '../repository/repository.js';
import { findSnapshot } from '../repository/snapshots.js';
import type { Snapshot, SnapshotFilter } from '../types.js';

export async function treeOf(
  repository: Repository, reader: BlobReader, wanted: string, filter: SnapshotFilter | undefined, signal: AbortSignal,
): Promise<{ snapshot: Snapshot; tree: Id }> {
  const colon = wanted.indexOf(':');
  const snapshot = await findSnapshot(repository, colon < 0 ? wanted : wanted.slice(0, colon), filter, signal);
  if (colon < 0) return { snapshot, tree: snapshot.tree };
  const path = wanted.slice(colon + 1);
  const node = await nodeAt(reader, snapshot.tree, fromText(path), signal);
  if (node === 'root') return { snapshot, tree: snapshot.tree };
  if (node.type !== 'dir' || node.subtree === null) throw new HoldfastError('usage', `${path} is not a folder in snapshot ${snapshot.short_id}. Name a folder.`);
  return { snapshot, tree: node.subtree };
}

/** @throws `not-found` */
export async function nodeAt(reader: BlobReader, root: Id, path: ByteString, signal: AbortSignal): Promise<Node | 'root'> {
  let found: Node | 'root' = 'root';
  let tree: Id | null = root;
  for (const part of path.split('/').filter((name) => name !== '' && name !== '.')) {
    const nodes: Node[] = tree === null ? [] : await reader.tree(tree, signal);
    const next = nodes.find((node) => node.name === part);
    if (!next) throw new HoldfastError('not-found', `${Buffer.from(path, 'latin1').toString()} is not in this snapshot. List it with ls to see what is.`);
    found = next;
    tree = next.subtree;
  }
  return found;
}
