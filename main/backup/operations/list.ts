/** The operations that only look: snapshots and ls. */
import { lsEntry } from './entries.js';
import type { Id } from '../format/id.js';
import { fromText, type ByteString } from '../format/text.js';
import { BlobReader } from '../repository/blobs.js';
import { findId, loadSnapshot, loadSnapshots, matches } from '../repository/snapshots.js';
import { lsRequest, snapshotsRequest, type Control, type EntriesControl, type LsEntry, type LsRequest, type LsResult, type Snapshot, type SnapshotsRequest } from '../types.js';
import { withRepository } from './session.js';
import { nodeAt, treeOf } from './tree-of.js';

/** Oldest first. */
export async function snapshots(request: SnapshotsRequest, control: Control = {}): Promise<Snapshot[]> {
  const parsed = snapshotsRequest.parse(request);
  return withRepository(parsed.repository, 'none', control, async ({ repository, signal, warn }) => {
    let found: Snapshot[];
    if (parsed.ids && parsed.ids.length > 0) {
      const ids = new Set<Id>();
      for (const id of parsed.ids) ids.add(id === 'latest' ? (await loadSnapshots(repository, signal)).filter((s) => matches(s, parsed.filter)).at(-1)?.id ?? '' : await findId(repository, id, signal));
      ids.delete('');
      found = await Promise.all([...ids].map((id) => loadSnapshot(repository, id, signal)));
    } else {
      found = await loadSnapshots(repository, signal, (id, error) => { warn(`Snapshot ${id.slice(0, 8)} cannot be read: ${error instanceof Error ? error.message : ''}`); });
      found = found.filter((snapshot) => matches(snapshot, parsed.filter));
    }
    return parsed.latest === undefined ? found : newestOfEach(found, parsed.latest);
  });
}

function newestOfEach(list: readonly Snapshot[], count: number): Snapshot[] {
  const groups = new Map<string, Snapshot[]>();
  for (const snapshot of list) {
    const key = JSON.stringify([snapshot.hostname, [...snapshot.paths].sort()]);
    const group = groups.get(key) ?? [];
    group.push(snapshot);
    groups.set(key, group);
  }
  const keep = new Set([...groups.values()].flatMap((group) => group.slice(-count)));
  return list.filter((snapshot) => keep.has(snapshot));
}

const batch = 500;

/** @throws `not-found` for a path that is not in the snapshot */
export async function ls(request: LsRequest, control: EntriesControl = {}): Promise<LsResult> {
  const parsed = lsRequest.parse(request);
  return withRepository(parsed.repository, 'none', control, async ({ repository, signal }) => {
    const { index } = await repository.loadIndex({ signal });
    const reader = new BlobReader(repository, index);
    const { snapshot, tree } = await treeOf(repository, reader, parsed.snapshot, parsed.filter, signal);
    const entries: LsEntry[] = [];
    let pending: LsEntry[] = [];
    const give = async (all: boolean): Promise<void> => {
      if (!control.onEntries || (pending.length < batch && !all) || pending.length === 0) return;
      await control.onEntries(pending);
      pending = [];
    };
    const visit = async (id: Id, path: ByteString, recursive: boolean): Promise<void> => {
      signal.throwIfAborted();
      for (const node of await reader.tree(id, signal)) {
        const nodePath = `${path === '/' ? '' : path}/${node.name}`;
        (control.onEntries ? pending : entries).push(lsEntry(node, nodePath));
        await give(false);
        if (recursive && node.type === 'dir' && node.subtree !== null) await visit(node.subtree, nodePath, true);
      }
    };
    if (!parsed.paths || parsed.paths.length === 0) await visit(tree, '/', parsed.recursive ?? true);
    for (const text of parsed.paths ?? []) {
      const path = fromText(text.length > 1 ? text.replace(/\/+$/, '') : text);
      const node = await nodeAt(reader, tree, path, signal);
      if (node === 'root') await visit(tree, '/', parsed.recursive ?? false);
      else if (node.type === 'dir' && node.subtree !== null) {
        (control.onEntries ? pending : entries).push(lsEntry(node, path));
        await visit(node.subtree, path, parsed.recursive ?? false);
      } else (control.onEntries ? pending : entries).push(lsEntry(node, path));
    }
    await give(true);
    return { snapshot, entries };
  });
}
