/** How full hub storage is, whatever its limit: the owner's quota or the disk. */
import type { StorageOverview } from '../../shared/protocol/storage.js';
import type { StorageSpace } from './problems.js';

export interface MeasuredStorage {
  offered(): Promise<boolean>;
  overview(): Promise<StorageOverview>;
}

export function spaceOf(storage: MeasuredStorage): StorageSpace {
  return {
    space: async () => {
      if (!(await storage.offered())) return null;
      const { settings, usedBytes, freeBytes } = await storage.overview();
      const byDisk = freeBytes === null ? Infinity : usedBytes + Math.max(0, freeBytes - settings.reserve);
      const limit = Math.min(settings.totalQuota ?? Infinity, byDisk);
      return Number.isFinite(limit) ? { used: usedBytes, limit } : null;
    },
  };
}
