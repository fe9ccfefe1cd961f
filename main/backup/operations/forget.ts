/** The forget operation: removes snapshots by id or by restic's keep rules. */
import { HoldfastError } from '../../shared/errors.js';
import { applyPolicy, isEmptyPolicy } from '../retention/policy.js';
import { findId, loadSnapshot, loadSnapshots, matches } from '../repository/snapshots.js';
import { forgetRequest, type Control, type ForgetGroup, type ForgetRequest, type ForgetResult, type Snapshot } from '../types.js';
import { pruneIn } from './prune.js';
import { withRepository, type Session } from './session.js';

type GroupKey = 'host' | 'paths' | 'tags';

export function groupSnapshots(snapshots: readonly Snapshot[], by: readonly GroupKey[]): { host?: string; paths?: string[]; tags?: string[]; list: Snapshot[] }[] {
  const groups = new Map<string, { host?: string; paths?: string[]; tags?: string[]; list: Snapshot[] }>();
  for (const snapshot of snapshots) {
    const key = {
      ...(by.includes('host') ? { host: snapshot.hostname } : {}), ...(by.includes('paths') ? { paths: [...snapshot.paths].sort() } : {}),
      ...(by.includes('tags') ? { tags: [...snapshot.tags ?? []].sort() } : {}),
    };
    const text = JSON.stringify(key);
    const group = groups.get(text) ?? { ...key, list: [] };
    group.list.push(snapshot);
    groups.set(text, group);
  }
  return [...groups.values()];
}

/** @throws `usage` for a policy that would keep nothing, `not-found` for an unknown id */
export async function forget(request: ForgetRequest, control: Control = {}): Promise<ForgetResult> {
  const parsed = forgetRequest.parse(request);
  const dryRun = parsed.dryRun ?? false;
  const ids = parsed.ids ?? [];
  const keep = parsed.keep ?? {};
  if (ids.length === 0 && isEmptyPolicy(keep) && !parsed.unsafeAllowRemoveAll) {
    throw new HoldfastError('usage', 'Nothing says what to keep. Give a keep rule or snapshot IDs.');
  }
  // only prune needs the repository for itself; removing snapshots alone disturbs nobody, but restic locks for both
  return withRepository(parsed.repository, dryRun ? 'shared' : 'exclusive', control, async (session) => {
    const { repository, signal } = session;
    const groups: ForgetGroup[] = [];
    const removed: string[] = [];
    if (ids.length > 0) {
      const chosen = await Promise.all(ids.map(async (id) => loadSnapshot(repository, await findId(repository, id, signal), signal)));
      removed.push(...new Set(chosen.map((snapshot) => snapshot.id)));
    } else {
      const all = (await loadSnapshots(repository, signal)).filter((snapshot) => matches(snapshot, parsed.filter));
      for (const { list, ...key } of groupSnapshots(all, parsed.groupBy ?? ['host', 'paths'])) {
        const decision = applyPolicy(list, keep, Date.now());
        if (decision.keep.length === 0 && decision.remove.length > 0 && !parsed.unsafeAllowRemoveAll) {
          throw new HoldfastError('usage', 'The rules would keep no snapshot of a group. Nothing was removed. Give rules that keep at least one.');
        }
        groups.push({
          ...key, keep: decision.keep.map(({ snapshot }) => snapshot), remove: decision.remove,
          reasons: decision.keep.map(({ snapshot, reasons }) => ({ snapshot: snapshot.id, matches: reasons })),
        });
        removed.push(...decision.remove.map((snapshot) => snapshot.id));
      }
    }
    if (!dryRun) await removeSnapshots(session, removed);
    if (!parsed.prune || (dryRun && removed.length > 0)) return { groups, removed, dry_run: dryRun };
    return { groups, removed, dry_run: dryRun, prune: await pruneIn(session, parsed.prune, dryRun, control) };
  });
}

async function removeSnapshots({ repository, signal }: Session, ids: readonly string[]): Promise<void> {
  for (const name of ids) await repository.backend.remove({ kind: 'snapshots', name }, signal);
}
