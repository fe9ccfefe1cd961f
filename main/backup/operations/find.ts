/** The find operation: every version of a file, or every place where an object of the repository is used. */
import { HoldfastError } from '../../shared/errors.js';
import { PatternList } from '../filter/pattern.js';
import type { Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import { toText, type ByteString } from '../format/text.js';
import type { BlobIndex } from '../index/blob-index.js';
import { BlobReader } from '../repository/blobs.js';
import { findSnapshot, loadSnapshots, matches } from '../repository/snapshots.js';
import { findRequest, type Control, type FindRequest, type FindResult, type FoundObject, type LsEntry, type Snapshot } from '../types.js';
import { lsEntry } from './entries.js';
import { withRepository } from './session.js';

/** Newest snapshot first. @throws `usage` for an ID that is none, `not-found` for a pack that the index does not know */
export async function find(request: FindRequest, control: Control = {}): Promise<FindResult> {
  const parsed = findRequest.parse(request);
  const patterns = parsed.objects === undefined ? new PatternList(parsed.patterns, parsed.ignoreCase) : null;
  return withRepository(parsed.repository, 'none', control, async ({ repository, signal }) => {
    const { index } = await repository.loadIndex({ signal });
    const reader = new BlobReader(repository, index);
    const snapshots = parsed.snapshots && parsed.snapshots.length > 0
      ? await Promise.all(parsed.snapshots.map((id) => findSnapshot(repository, id, parsed.filter, signal)))
      : (await loadSnapshots(repository, signal)).filter((snapshot) => matches(snapshot, parsed.filter));
    const result: FindResult = { matches: [], objects: [] };
    const wanted = parsed.objects === undefined ? null : wantedObjects(index, parsed.objects, parsed.patterns);
    const oldest = parsed.oldest === undefined ? -Infinity : Date.parse(parsed.oldest);
    const newest = parsed.newest === undefined ? Infinity : Date.parse(parsed.newest);
    const most = parsed.versions ?? Infinity;
    const seenVersions = new Set<string>();
    const isNew = (set: Set<string>, key: string): boolean => parsed.versions === undefined || (!set.has(key) && Boolean(set.add(key)));
    /** A folder that is the same as in a newer snapshot has no other version of anything. */
    const seenTrees = new Set<string>();
    let count = 0;
    for (const snapshot of snapshots.reverse()) {
      if (count >= most) break;
      if (wanted !== null) {
        await findObjects(reader, snapshot, wanted, signal, (object) => { result.objects.push(object); });
        continue;
      }
      const found: LsEntry[] = [];
      for await (const { node, path, parent } of nodesOf(reader, snapshot.tree, signal, '', (tree, folder) => isNew(seenTrees, `${tree}${folder}`))) {
        const time = node.mtime.seconds * 1000;
        // what lies below a match matches too; only the match itself is meant here
        if (patterns?.match(toText(path)) !== null && (parent === '' || patterns?.match(toText(parent)) === null) && time >= oldest && time <= newest
          && isNew(seenVersions, `${node.type} ${node.size} ${node.mtime.seconds}.${node.mtime.nanos} ${path}`)) {
          found.push(lsEntry(node, path));
          if (++count >= most) break;
        }
      }
      if (found.length > 0) result.matches.push({ snapshot: snapshot.id, time: snapshot.time, hits: found.length, matches: found });
    }
    return result;
  });
}

interface Visited { readonly node: Node; readonly path: ByteString; readonly parent: ByteString; readonly tree: Id }

/** Every entry of a tree, folders before what is in them. @param enter whether to look into this folder */
async function* nodesOf(reader: BlobReader, tree: Id, signal: AbortSignal, parent: ByteString = '', enter: (tree: Id, folder: ByteString) => boolean = () => true): AsyncGenerator<Visited> {
  signal.throwIfAborted();
  if (!enter(tree, parent)) return;
  for (const node of await reader.tree(tree, signal)) {
    const path = `${parent}/${node.name}`;
    yield { node, path, parent, tree };
    if (node.type === 'dir' && node.subtree !== null) yield* nodesOf(reader, node.subtree, signal, path, enter);
  }
}

interface Wanted { isBlob(id: Id): boolean; isTree(id: Id): boolean }

function wantedObjects(index: BlobIndex, kind: 'blob' | 'tree' | 'pack', ids: readonly string[]): Wanted {
  for (const id of ids) if (!/^[0-9a-f]{1,64}$/.test(id)) throw new HoldfastError('usage', `"${id}" is not an ID: IDs are hexadecimal, or the beginning of that.`);
  const named = (id: Id): boolean => ids.some((wanted) => id.startsWith(wanted));
  if (kind !== 'pack') return { isBlob: (id) => kind === 'blob' && named(id), isTree: (id) => kind === 'tree' && named(id) };
  const inside = { data: new Set<Id>(), tree: new Set<Id>() };
  const seen = new Set<string>();
  for (let entry = 0; entry < index.size; entry++) {
    const { id, pack, type } = index.at(entry);
    for (const wanted of ids) {
      if (!pack.startsWith(wanted)) continue;
      inside[type].add(id);
      seen.add(wanted);
    }
  }
  const unknown = ids.find((id) => !seen.has(id));
  if (unknown !== undefined) throw new HoldfastError('not-found', `The index knows no pack ${unknown}. If its file is there, run repair index.`);
  return { isBlob: (id) => inside.data.has(id), isTree: (id) => inside.tree.has(id) };
}

async function findObjects(reader: BlobReader, snapshot: Snapshot, wanted: Wanted, signal: AbortSignal, found: (object: FoundObject) => void): Promise<void> {
  const where = { snapshot: snapshot.id, time: snapshot.time };
  if (wanted.isTree(snapshot.tree)) found({ object_type: 'tree', id: snapshot.tree, path: '/', ...where });
  for await (const { node, path, tree } of nodesOf(reader, snapshot.tree, signal)) {
    const place = { path: toText(path), parent_tree: tree, ...where };
    if (node.subtree !== null && wanted.isTree(node.subtree)) found({ object_type: 'tree', id: node.subtree, ...place });
    for (const id of new Set(node.content)) if (wanted.isBlob(id)) found({ object_type: 'blob', id, ...place });
  }
}
