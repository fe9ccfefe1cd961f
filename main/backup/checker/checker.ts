/** Proves that a repository is whole: index against packs, snapshots and trees against the index, and every byte when asked. */
import { HoldfastError, asHoldfastError } from '../../shared/errors.js';
import { nameOf, type Repository } from '../repository/repository.js';
import { overhead } from '../format/crypto.js';
import { isId, shortId, type Id } from '../format/id.js';
import { entryBytes, lengthFieldBytes, type PackedBlob } from '../format/pack-header.js';
import { toText } from '../format/text.js';
import type { BlobIndex } from '../index/blob-index.js';
import { BlobReader } from '../repository/blobs.js';
import { loadSnapshots } from '../repository/snapshots.js';

export interface CheckReport {
  error(file: string, message: string, pack?: Id): void;
  hint(text: string): void;
}

export interface PackState {
  readonly id: Id;
  readonly size: number;
  readonly blobs: PackedBlob[];
}

export interface StructureResult {
  readonly packs: PackState[];
  readonly snapshots: number;
}

/** Everything but the data itself. Reports instead of throwing, unless the repository cannot be read at all. */
export async function checkStructure(repository: Repository, report: CheckReport, signal: AbortSignal, onTree: (done: number) => void): Promise<StructureResult> {
  const { index, broken } = await repository.loadIndex({ signal, tolerant: true });
  for (const { id, error } of broken) report.error(nameOf({ kind: 'index', name: id }), error.message);
  const packs = await checkPacks(repository, index, report, signal);
  const snapshots = await checkSnapshots(repository, index, report, signal, onTree);
  return { packs, snapshots };
}

function byPack(index: BlobIndex): Map<Id, PackedBlob[]> {
  const packs = new Map<Id, PackedBlob[]>(index.packs.map((id) => [id, []]));
  for (const blob of index.all()) packs.get(blob.pack)?.push(blob);
  return packs;
}

export function packSize(blobs: readonly PackedBlob[]): number {
  return blobs.reduce((sum, blob) => sum + blob.length + entryBytes(blob), overhead + lengthFieldBytes);
}

async function checkPacks(repository: Repository, index: BlobIndex, report: CheckReport, signal: AbortSignal): Promise<PackState[]> {
  const indexed = byPack(index);
  const found: PackState[] = [];
  let orphans = 0;
  let duplicates = 0;
  for await (const { name, size } of repository.backend.list('data', signal)) {
    if (!isId(name)) continue;
    const blobs = indexed.get(name);
    if (!blobs) {
      orphans++;
      continue;
    }
    indexed.delete(name);
    const expected = packSize(blobs);
    if (size !== expected) report.error(`pack ${shortId(name)}`, `it has ${size} bytes, and the index says ${expected}`, name);
    found.push({ id: name, size, blobs });
  }
  for (const [id] of indexed) report.error(`pack ${shortId(id)}`, 'it is in the index and not in the repository', id);
  for (const blob of index.all()) if (index.findAll(blob.type, blob.id).length > 1) duplicates++;
  if (orphans > 0) report.hint(`${orphans} packs are in no index. They do no harm; prune removes them.`);
  if (duplicates > 0) report.hint(`${duplicates} blobs are stored more than once. They do no harm; prune removes the copies.`);
  return found;
}

async function checkSnapshots(repository: Repository, index: BlobIndex, report: CheckReport, signal: AbortSignal, onTree: (done: number) => void): Promise<number> {
  const snapshots = await loadSnapshots(repository, signal, (id, error) => {
    report.error(nameOf({ kind: 'snapshots', name: id }), asHoldfastError(error).message);
  });
  const reader = new BlobReader(repository, index);
  const seen = new Set<Id>();
  const waiting: { id: Id; path: string }[] = snapshots.map((s) => ({ id: s.tree, path: `${s.short_id}:/` }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    signal.throwIfAborted();
    if (seen.has(next.id)) continue;
    seen.add(next.id);
    onTree(seen.size);
    const { path } = next;
    let nodes;
    try {
      nodes = await reader.tree(next.id, signal);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      report.error(`tree ${shortId(next.id)}`, `${path}: ${error.message}`);
      continue;
    }
    for (const node of nodes) {
      const nodePath = `${path}${path.endsWith('/') ? '' : '/'}${toText(node.name)}`;
      if (node.type === 'dir') {
        if (node.subtree === null) report.error(`tree ${shortId(next.id)}`, `${nodePath}: the folder has no tree`);
        else if (!seen.has(node.subtree)) waiting.push({ id: node.subtree, path: nodePath });
      } else if (node.type === 'file') {
        let size = 0;
        for (const id of node.content ?? []) {
          const length = index.plainLength('data', id);
          if (length === null) report.error(`data blob ${shortId(id)}`, `${nodePath}: a part of the file is in no index`);
          size += length ?? 0;
        }
        if (node.content === null) report.error(`tree ${shortId(next.id)}`, `${nodePath}: the file has no list of contents`);
        else if (size !== node.size && node.content.every((id) => index.has('data', id))) report.error(`tree ${shortId(next.id)}`, `${nodePath}: its parts have ${size} bytes, and it should have ${node.size}`);
      }
    }
  }
  return snapshots.length;
}
