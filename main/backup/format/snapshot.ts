/** Snapshot files (facts: restic internal/data/snapshot.go). Fields and their order are restic's. */
import { z } from 'zod';
import type { Snapshot } from '../types.js';
import { damaged } from './damage.js';
import { shortId, type Id } from './id.js';
import { parseTime } from './time.js';

const id = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().nonnegative().default(0);

const summaryShape = z.object({
  backup_start: z.string().default(''), backup_end: z.string().default(''),
  files_new: count, files_changed: count, files_unmodified: count,
  dirs_new: count, dirs_changed: count, dirs_unmodified: count,
  data_blobs: count, tree_blobs: count, data_added: count, data_added_packed: count,
  total_files_processed: count, total_bytes_processed: count,
});

const shape = z.object({
  time: z.string().refine((text) => parseTime(text) !== null),
  parent: id.nullish().transform((v) => v ?? undefined),
  tree: id,
  paths: z.array(z.string()).nullish().transform((v) => v ?? []),
  hostname: z.string().default(''),
  username: z.string().optional(),
  uid: z.number().optional(),
  gid: z.number().optional(),
  excludes: z.array(z.string()).nullish().transform((v) => v ?? undefined),
  tags: z.array(z.string()).nullish().transform((v) => v ?? undefined),
  original: id.nullish().transform((v) => v ?? undefined),
  program_version: z.string().optional(),
  summary: summaryShape.nullish().transform((v) => v ?? undefined),
});

export type SnapshotFile = Omit<Snapshot, 'id' | 'short_id'>;

export function encodeSnapshot(s: SnapshotFile): Buffer {
  const some = <T>(list: T[] | undefined): T[] | undefined => (list && list.length > 0 ? list : undefined);
  return Buffer.from(`${JSON.stringify({
    time: s.time, parent: s.parent, tree: s.tree, paths: s.paths, hostname: s.hostname || undefined, username: s.username || undefined,
    uid: s.uid || undefined, gid: s.gid || undefined, excludes: some(s.excludes), tags: some(s.tags), original: s.original,
    program_version: s.program_version, summary: s.summary,
  })}\n`);
}

/** @throws `repository-damaged` */
export function parseSnapshot(bytes: Uint8Array, snapshotId: Id): Snapshot {
  const what = `snapshot ${shortId(snapshotId)}`;
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw damaged(what, 'it is not JSON', cause);
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) throw damaged(what, 'a field is missing or has the wrong form', parsed.error);
  return { id: snapshotId, short_id: shortId(snapshotId), ...parsed.data };
}
