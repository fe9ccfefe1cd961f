/** The disk of a destination as this computer remembers it. */
import { z } from 'zod';
import { timeSchema } from '../../shared/model.js';

export const knownDiskSchema = z.object({
  /** The destination's address when the disk was found there; a destination with another address is on another disk. */
  url: z.string(),
  volumeId: z.string(),
  /** Of the repository, relative to the mount point. */
  path: z.string(),
  /** What people call the disk: the name of its mount point. */
  label: z.string(),
  awaySince: timeSchema.nullable(),
  /** When it was last attached again. */
  returnedAt: timeSchema.nullable(),
});
export type KnownDisk = z.infer<typeof knownDiskSchema>;
export type KnownDisks = Readonly<Record<string, KnownDisk>>;
