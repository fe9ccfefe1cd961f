/** The agent's reader of snapshots on the real engine. */
import type { RepositoryAccess } from '../../agent/ports.js';
import type { FoundEntry, SnapshotReader } from '../../agent/restore/reader.js';
import type { Engine as BackupEngine, LsEntry, RepositoryAccess as EngineAccess } from '../../backup/index.js';
import type { SnapshotEntry } from '../../shared/restore.js';

export interface ReaderPorts {
  with<T>(work: (engine: BackupEngine) => Promise<T>): Promise<T>;
  repository(access: RepositoryAccess): EngineAccess;
}

const listedErrors = 20;
const permissionBits = 0o777;
/** Go's mode bits (io/fs, FileMode) for setuid, setgid and sticky, and their places in a POSIX mode. */
const goBits = [[1 << 23, 0o4000], [1 << 22, 0o2000], [1 << 20, 0o1000]] as const;

const posixMode = (mode: number): number => goBits.reduce((bits, [go, posix]) => ((mode & go) === 0 ? bits : bits | posix), mode & permissionBits);

const entryOf = ({ name, path, type, size, mtime }: LsEntry): SnapshotEntry => ({ name, path, type, size: size ?? null, mtime });
const foundOf = (entry: LsEntry): FoundEntry => ({ ...entryOf(entry), mode: posixMode(entry.mode), uid: entry.uid, gid: entry.gid, inode: entry.inode ?? null });

export function createSnapshotReader({ with: withEngine, repository }: ReaderPorts): SnapshotReader {
  return {
    list: (access, { snapshot, folder, signal, onEntries }) => withEngine(async (engine) => {
      const own = folder === undefined || folder === '/' ? null : folder.replace(/\/+$/, '');
      await engine.ls({
        repository: repository(access), snapshot,
        ...(folder === undefined ? { recursive: true } : { paths: [own ?? '/'], recursive: false }),
      }, { signal, onEntries: (entries) => onEntries(entries.filter(({ path }) => path !== own).map(foundOf)) });
    }),
    find: (access, { snapshots, pattern, limit, signal }) => withEngine(async (engine) => {
      const { matches } = await engine.find({ repository: repository(access), patterns: [pattern], ignoreCase: true, snapshots: [...snapshots], versions: limit + 1 }, { signal });
      const all = matches.flatMap((each) => each.matches.map((entry) => ({ ...entryOf(entry), snapshotId: each.snapshot, snapshotTime: each.time })));
      return { found: all.slice(0, limit), more: all.length > limit };
    }),
    restore: (access, { snapshot, target, include, exclude, overwrite, verify, signal, onProgress }) => withEngine(async (engine) => {
      const summary = await engine.restore({
        repository: repository(access), snapshot, target, overwrite, verify, gentle: false, ...(include ? { include: [...include] } : {}), ...(exclude ? { exclude: [...exclude] } : {}),
      }, {
        signal,
        ...(onProgress ? { onProgress: (progress) => onProgress({
          filesDone: progress.files_done, bytesDone: progress.bytes_done, filesTotal: progress.total_files ?? null, bytesTotal: progress.total_bytes ?? null,
        }) } : {}),
      });
      return {
        snapshotId: summary.snapshot_id, files: summary.files_restored, skipped: summary.files_skipped, bytes: summary.bytes_restored,
        verified: summary.files_verified, errorCount: summary.error_count, errors: summary.errors.slice(0, listedErrors),
      };
    }),
    read: (access, { snapshot, path, archive, signal }, output) => withEngine((engine) =>
      engine.dump({ repository: repository(access), snapshot, path, ...(archive ? { archive } : {}) }, { signal, output })),
  };
}
