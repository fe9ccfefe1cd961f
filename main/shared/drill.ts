/** A restore drill: a random sample of a job's newest snapshot was restored and compared, and its dumps were loaded. */
import { z } from 'zod';
import { ageText, bytesText, countText } from './text.js';
import { idSchema, timeSchema } from './model.js';

const count = z.number().int().min(0);

export const databaseProofSchema = z.object({
  /** For screens: `PostgreSQL database "shop"`. */
  name: z.string().max(5000),
  /** `read`: the dump is whole, but it could not be loaded here. */
  outcome: z.enum(['loaded', 'read', 'failed']),
  /** Null where they are not counted. */
  tables: count.nullable(),
  rows: count.nullable(),
  /** Why it was not loaded, or how it failed; null when it was loaded. */
  message: z.string().max(1000).nullable(),
});
export type DatabaseProof = z.infer<typeof databaseProofSchema>;

/**
 * `proven`: all that was tried came back as it was. `partly`: what was restored is right, but something could not be tried.
 * `failed`: something did not come back. `not-done`: the drill itself could not be carried out, which says nothing about the backup.
 */
export const drillOutcomes = ['proven', 'partly', 'failed', 'not-done'] as const;

export const drillSchema = z.object({
  jobId: idSchema,
  startedAt: timeSchema,
  finishedAt: timeSchema,
  snapshotId: z.string().max(64).nullable(),
  outcome: z.enum(drillOutcomes),
  /** Restored and compared. */
  files: count,
  /** Bytes of these files. */
  bytes: count,
  databases: z.array(databaseProofSchema).max(200),
  /** What went wrong or was not tried, in a sentence; null when proven. */
  reason: z.string().max(1000).nullable(),
});
export type Drill = z.infer<typeof drillSchema>;

/** What the status of a job needs of its drills. Times are milliseconds since the epoch. */
export interface DrillFacts {
  /** The end of the newest drill that was carried out; null before the first. */
  readonly last: { readonly at: number; readonly outcome: 'proven' | 'partly' | 'failed'; readonly reason: string | null } | null;
  /** The end of the newest drill that proved all. */
  readonly provenAt: number | null;
}

/** For screens: one job's drills. */
export const drillViewSchema = z.object({
  /** The newest, of whatever outcome. */
  last: drillSchema.nullable(),
  provenAt: timeSchema.nullable(),
  running: z.boolean(),
});
export type DrillView = z.infer<typeof drillViewSchema>;
export const noDrills: DrillView = { last: null, provenAt: null, running: false };

/** What follows the age of the last backup in a status: `; last proven restorable 2 days ago`. Empty before the first drill. */
export function provenText({ last, provenAt }: DrillFacts, now: number): string {
  if (last?.outcome === 'partly') return `; last proven restorable in part ${ageText(now - last.at)}`;
  return provenAt === null ? '' : `; last proven restorable ${ageText(now - provenAt)}`;
}

/** What was proven: `20 files (4.2 MiB) and 1 database with 12 tables and 3,401 rows`. */
export function provenThings({ files, bytes, databases }: Pick<Drill, 'files' | 'bytes' | 'databases'>): string {
  const loaded = databases.filter(({ outcome }) => outcome === 'loaded');
  const tables = loaded.reduce((sum, each) => sum + (each.tables ?? 0), 0);
  const rows = loaded.reduce((sum, each) => sum + (each.rows ?? 0), 0);
  const parts = [
    ...(files > 0 ? [`${countText(files, 'file')} (${bytesText(bytes)})`] : []),
    ...(loaded.length > 0 ? [`${countText(loaded.length, 'database')} with ${countText(tables, 'table')} and ${countText(rows, 'row')}`] : []),
  ];
  return parts.length === 0 ? 'nothing' : parts.join(' and ');
}

/** One sentence about a drill, for logs and screens. */
export function drillText(drill: Drill): string {
  const things = provenThings(drill);
  switch (drill.outcome) {
    case 'proven': return `Restored and compared ${things}`;
    case 'partly': return `Restored and compared ${things}, but not all: ${drill.reason ?? ''}`;
    case 'failed': return `The restore drill failed: ${drill.reason ?? 'no reason is known'}`;
    case 'not-done': return `The restore drill could not be done: ${drill.reason ?? 'no reason is known'}`;
  }
}
