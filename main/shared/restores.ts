/** Restores that a person orders here or a hub asks for, and what screens show of them. Pure. */
import { z } from 'zod';
import { errorShape } from './error-shape.js';
import { idSchema, timeSchema } from './model.js';
import { snapshotEntrySchema, snapshotIdSchema, snapshotPathSchema } from './restore.js';
import { mongodbSource, mysqlSource, postgresqlSource } from './sources.js';
import { bytesText, countText } from './text.js';

const count = z.number().int().min(0);
const absolutePath = z.string().startsWith('/', 'a path must be absolute').max(4096).refine((path) => !path.includes('\0'), 'a path has no zero bytes');

/** A snapshot to choose from. */
export const snapshotChoiceSchema = z.object({ id: z.string(), time: timeSchema, hostname: z.string(), /** What was backed up, the first of it. */ paths: z.array(z.string()) });
export type SnapshotChoice = z.infer<typeof snapshotChoiceSchema>;

/** Entries of a page of a folder at most. */
export const pageSize = 500;
export const folderPageParams = z.object({ jobId: idSchema, snapshotId: snapshotIdSchema, folder: snapshotPathSchema, skip: count.default(0) });
export const folderEntrySchema = snapshotEntrySchema.omit({ path: true });
export type FolderEntry = z.infer<typeof folderEntrySchema>;
/** Folders first, then by name. */
export const folderPageSchema = z.object({ entries: z.array(folderEntrySchema).max(pageSize), total: count });
export type FolderPage = z.infer<typeof folderPageSchema>;

/** Versions found by a name at most. */
export const mostFound = 100;
export const findParams = z.object({ jobId: idSchema, text: z.string().trim().min(1, 'type a part of a name').max(255), /** Look only here; absent: in every snapshot of the job. */ snapshotId: snapshotIdSchema.optional() });
export const foundVersionSchema = snapshotEntrySchema.extend({ snapshotId: z.string(), snapshotTime: timeSchema });
export type FoundVersion = z.infer<typeof foundVersionSchema>;
export const foundSchema = z.object({ found: z.array(foundVersionSchema).max(mostFound), more: z.boolean() });
export type Found = z.infer<typeof foundSchema>;

/** What happens to files that are there already. */
export const overwriteRules = ['keep-newer', 'keep', 'replace'] as const;
export type OverwriteRule = (typeof overwriteRules)[number];
export const overwriteText: Readonly<Record<OverwriteRule, string>> = {
  'keep-newer': 'Replace older files, keep newer ones',
  keep: 'Keep every file that is there',
  replace: 'Replace every file that is there',
};

export const restorePlaceSchema = z.discriminatedUnion('type', [
  /** Where each came from. */
  z.object({ type: z.literal('original') }),
  z.object({ type: z.literal('folder'), path: absolutePath }),
]);
export type RestorePlace = z.infer<typeof restorePlaceSchema>;

export const fileRestoreSchema = z.object({
  jobId: idSchema, snapshotId: snapshotIdSchema,
  paths: z.array(snapshotPathSchema).min(1, 'choose what to restore').max(1000, 'choose at most 1,000 files and folders at a time'),
  place: restorePlaceSchema,
  overwrite: z.enum(overwriteRules).default('keep-newer'),
});
export type FileRestore = z.infer<typeof fileRestoreSchema>;

/** What a hub may ask for: never over anything that is there. */
export const askedRestoreSchema = fileRestoreSchema.omit({ overwrite: true, place: true }).extend({
  folder: absolutePath,
  // together they travel in one frame
  paths: z.array(snapshotPathSchema).min(1, 'choose what to restore').max(100, 'choose at most 100 files and folders at a time')
    .refine((paths) => paths.reduce((sum, { length }) => sum + length, 0) <= 400_000, 'choose fewer files and folders at a time'),
});
export type AskedRestore = z.infer<typeof askedRestoreSchema>;

export const databaseTargetSchema = z.discriminatedUnion('type', [postgresqlSource, mysqlSource, mongodbSource, z.object({ type: z.literal('file'), path: absolutePath })]);
export const databaseRestoreSchema = z.object({
  jobId: idSchema, snapshotId: snapshotIdSchema,
  /** Of the dump. */
  path: snapshotPathSchema,
  into: databaseTargetSchema,
  /** Null: what this computer's secret store has for that server. */
  password: z.string().min(1).max(4096).nullable(),
  /** The name of a database (or the path of a file) that is there and may be replaced, as a person typed it. */
  replace: z.string().min(1).max(4096).nullable(),
  /** PostgreSQL: give everything to the roles it belonged to. */
  owners: z.boolean().default(false),
});
export type DatabaseRestore = z.infer<typeof databaseRestoreSchema>;

export const restoreStates = ['waiting', 'running', 'succeeded', 'warnings', 'failed', 'cancelled', 'refused'] as const;
export const restoreViewSchema = z.object({
  id: idSchema,
  jobId: idSchema,
  jobName: z.string(),
  snapshotTime: timeSchema.nullable(),
  /** `letters`, `12 files and folders`, `PostgreSQL database "shop"`. */
  what: z.string(),
  /** `/home/anna/Restored`, `where it was`, `"shop" at localhost:5432`. */
  where: z.string(),
  /** `waiting`: for a yes on that computer. `warnings`: some of it could not be restored. */
  state: z.enum(restoreStates),
  startedAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  progress: z.object({ filesDone: count, filesTotal: count.nullable(), bytesDone: count, bytesTotal: count.nullable() }),
  /** Null until it ended well, in whole or in part. */
  result: z.object({
    files: count, /** There already and left alone. */ skipped: count, bytes: count,
    errorCount: count, errors: z.array(z.object({ path: z.string(), message: z.string() })).max(20),
    /** Of a database; null where they were not counted. */
    tables: count.nullable(), rows: count.nullable(),
  }).nullable(),
  error: errorShape.nullable(),
  /** A folder or file on that computer to look at; null where there is none. */
  opens: z.string().nullable(),
  /** The hub asked for it. */
  byHub: z.boolean(),
});
export type RestoreView = z.infer<typeof restoreViewSchema>;

export const isRestoring = ({ state }: Pick<RestoreView, 'state'>): boolean => state === 'waiting' || state === 'running';

/** How far it is, between 0 and 1; null while that is not known. */
export function restoreShare({ progress: { bytesDone, bytesTotal, filesDone, filesTotal } }: Pick<RestoreView, 'progress'>): number | null {
  if (bytesTotal !== null && bytesTotal > 0) return Math.min(1, bytesDone / bytesTotal);
  return filesTotal !== null && filesTotal > 0 ? Math.min(1, filesDone / filesTotal) : null;
}

/** One sentence for screens and logs. */
export function restoreText({ error, progress, result, state, what, where }: RestoreView): string {
  switch (state) {
    case 'waiting': return `Restoring ${what} to ${where} waits for a yes on that computer.`;
    case 'refused': return `Restoring ${what} to ${where} was refused on that computer.`;
    case 'cancelled': return `Restoring ${what} was cancelled. What had been restored until then stays.`;
    case 'failed': return error?.message ?? `${what} could not be restored.`;
    case 'running': return `Restoring ${what} to ${where}: ${bytesText(progress.bytesDone)}${progress.bytesTotal === null ? '' : ` of ${bytesText(progress.bytesTotal)}`}`;
    default: return `${doneText(result, what, where)}${result !== null && result.errorCount > 0 ? ` ${countText(result.errorCount, 'entry', 'entries')} could not be restored completely.` : ''}`;
  }
}

function doneText(result: RestoreView['result'], what: string, where: string): string {
  if (result === null) return `Restored ${what} to ${where}.`;
  if (result.tables !== null && result.rows !== null) return `Restored ${what} to ${where}: ${countText(result.tables, 'table')}, ${countText(result.rows, 'row')}.`;
  const kept = result.skipped === 0 ? '' : ` ${countText(result.skipped, 'file')} that ${result.skipped === 1 ? 'was' : 'were'} there already stayed as ${result.skipped === 1 ? 'it was' : 'they were'}.`;
  return `Restored ${what} to ${where}: ${countText(result.files, 'file')}, ${bytesText(result.bytes)}.${kept}`;
}
