/** Looking into backups and getting things out of them. Works without a hub, and while paused. */
import { jobOf, type AgentParts } from '../parts.js';
import type { SnapshotInfo } from '../ports.js';
import type { SnapshotChoice } from '../../shared/restores.js';
import type { Handlers } from './contract.js';

/** Paths of a snapshot that are shown. */
export const pathsShown = 20;

export const snapshotChoice = ({ hostname, id, paths, time }: SnapshotInfo): SnapshotChoice => ({ id, time: new Date(time).toISOString(), hostname, paths: paths.slice(0, pathsShown) });

export function restoreHandlers(parts: AgentParts): Pick<Handlers, 'snapshots' | 'browse' | 'findVersions' | 'restoreFiles' | 'restoreDatabase' | 'cancelRestore'> {
  const { consent, restores, snapshots } = parts;
  const { signal } = new AbortController(); // a person who no longer waits does not say so
  return {
    snapshots: async ({ jobId }) => ({ snapshots: (await snapshots.list(jobOf(parts, jobId))).map(snapshotChoice) }),
    browse: ({ folder, jobId, skip, snapshotId }) => snapshots.folder(jobOf(parts, jobId), snapshotId, folder, skip, signal),
    findVersions: ({ jobId, snapshotId, text }) => snapshots.find(jobOf(parts, jobId), text, snapshotId ?? null, signal),
    restoreFiles: async (order) => ({ restoreId: await restores.files(jobOf(parts, order.jobId), order) }),
    restoreDatabase: async (order) => ({ restoreId: await restores.database(jobOf(parts, order.jobId), order) }),
    cancelRestore: async ({ restoreId }) => {
      restores.cancel(restoreId);
      await consent.review();
      return {};
    },
  };
}
