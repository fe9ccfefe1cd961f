/** Finds snapshots: by id, by prefix, the newest that matches. */
import { HoldfastError } from '../../shared/errors.js';
import { isId, type Id } from '../format/id.js';
import { parseSnapshot } from '../format/snapshot.js';
import { pooled } from '../pooled.js';
import type { Repository } from './repository.js';
import type { Snapshot, SnapshotFilter } from '../types.js';

/** Over a line with latency, one after another would be slow. */
const loadsAtOnce = 8;

export async function loadSnapshot(repository: Repository, id: Id, signal?: AbortSignal): Promise<Snapshot> {
  return parseSnapshot(await repository.load({ kind: 'snapshots', name: id }, signal), id);
}

/**
 * All snapshots, oldest first.
 * @param onBroken gets what cannot be read; without it the first such error ends the listing
 */
export async function loadSnapshots(repository: Repository, signal?: AbortSignal, onBroken?: (id: Id, error: unknown) => void): Promise<Snapshot[]> {
  const found: Snapshot[] = [];
  await pooled(await repository.ids('snapshots', signal), loadsAtOnce, async (id) => {
    try {
      found.push(await loadSnapshot(repository, id, signal));
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'not-found') return; // forgotten meanwhile
      if (!onBroken) throw error;
      onBroken(id, error);
    }
  });
  return found.sort((a, b) => Date.parse(a.time) - Date.parse(b.time) || (a.id < b.id ? -1 : 1));
}

export function matches(snapshot: Snapshot, filter: SnapshotFilter | undefined): boolean {
  if (!filter) return true;
  const { host, tags, paths } = filter;
  if (host && host.length > 0 && !host.includes(snapshot.hostname)) return false;
  if (paths && paths.length > 0 && !paths.every((path) => snapshot.paths.includes(path))) return false;
  if (tags && tags.length > 0) {
    const has = (list: string): boolean => list.split(',').every((tag) => (tag === '' ? !snapshot.tags?.length : snapshot.tags?.includes(tag) ?? false));
    if (!tags.some(has)) return false;
  }
  return true;
}

/**
 * @param wanted an id, a prefix of one, or `latest`
 * @throws `not-found`, or `usage` for a prefix that fits several
 */
export async function findSnapshot(repository: Repository, wanted: string, filter?: SnapshotFilter, signal?: AbortSignal): Promise<Snapshot> {
  if (wanted === 'latest') {
    const newest = (await loadSnapshots(repository, signal)).filter((snapshot) => matches(snapshot, filter)).at(-1);
    if (!newest) throw new HoldfastError('not-found', 'There is no snapshot that matches. List them with snapshots.');
    return newest;
  }
  return loadSnapshot(repository, await findId(repository, wanted, signal), signal);
}

export async function findId(repository: Repository, wanted: string, signal?: AbortSignal): Promise<Id> {
  if (!/^[0-9a-f]{1,64}$/.test(wanted)) throw new HoldfastError('usage', `"${wanted}" is not a snapshot ID. List the snapshots to see them.`);
  const ids = await repository.ids('snapshots', signal);
  const found = isId(wanted) ? ids.filter((id) => id === wanted) : ids.filter((id) => id.startsWith(wanted));
  const [id] = found;
  if (id === undefined) throw new HoldfastError('not-found', `There is no snapshot ${wanted}. List the snapshots to see them.`);
  if (found.length > 1) throw new HoldfastError('usage', `${wanted} is the start of ${found.length} snapshot IDs. Give more of it.`);
  return id;
}

const sameList = (a: readonly string[], b: readonly string[]): boolean => {
  const x = [...a].sort();
  const y = [...b].sort();
  return x.length === y.length && x.every((value, i) => value === y[i]);
};

/** The newest snapshot of the same host and paths that is not newer than `before`. Broken snapshots are no parents. */
export function findParent(
  oldestFirst: readonly Snapshot[], host: string, paths: readonly string[], before: number,
): Snapshot | null {
  return oldestFirst.filter((s) => s.hostname === host && sameList(s.paths, paths) && Date.parse(s.time) <= before).at(-1) ?? null;
}
