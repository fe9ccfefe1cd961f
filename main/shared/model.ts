/** The nouns of Holdfast as data: what hub and agent store, what crosses the tunnel, what screens show. Times are ISO 8601 in UTC, sizes bytes. */
import { z } from 'zod';
import { errorShape } from './error-shape.js';
import { laravelSource, mongodbSource, mysqlSource, postgresqlSource, redisSource, sqliteSource, wordpressSource } from './sources.js';

export const idSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'an id has 1 to 64 letters, digits, - or _');
export const timeSchema = z.iso.datetime();
const nameSchema = z.string().trim().min(1, 'a name is missing').max(120, 'a name has at most 120 characters');
const absolutePath = z.string().startsWith('/', 'a path must be absolute').max(4096);

/** What is backed up. */
export const sourceSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('files'),
    paths: z.array(absolutePath).min(1, 'choose at least one folder').max(1000),
    /** restic's exclude patterns. */
    excludes: z.array(z.string().min(1).max(4096)).max(1000).default([]),
  }),
  postgresqlSource, mysqlSource, mongodbSource, redisSource, sqliteSource, wordpressSource, laravelSource,
]);
export type Source = z.infer<typeof sourceSchema>;

/** Where a repository lives. The URL is restic's and never holds a secret; secrets are in the agent's keychain under the id. */
export const destinationSchema = z.object({ id: idSchema, name: nameSchema, url: z.string().min(1).max(4096) });
export type Destination = z.infer<typeof destinationSchema>;

/** The same for addresses that are one place: a backup beside itself is no copy. */
const repositoryPlace = ({ url }: Destination): string => url.replace(/^local:/, '').replace(/(.)\/+$/, '$1');

/** Of one of a job's copies, after a run. */
export const copyOutcomeSchema = z.object({
  destinationId: idSchema,
  /** Why it was not brought up to date, as a sentence; null when it was. */
  problem: z.string().max(1000).nullable(),
});
export type CopyOutcome = z.infer<typeof copyOutcomeSchema>;

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day is HH:MM');
const timezone = z.string().min(1).max(64).optional(); // IANA name; the computer's own when absent
export const scheduleSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('manual') }),
  z.object({ type: z.literal('every'), minutes: z.number().int().min(5).max(60 * 24 * 31) }),
  z.object({
    type: z.literal('times'),
    times: z.array(timeOfDay).min(1).max(48),
    /** 0 = Sunday; every day when absent. */
    days: z.array(z.number().int().min(0).max(6)).min(1).max(7).optional(),
    timezone,
  }),
  z.object({ type: z.literal('cron'), expression: z.string().min(9).max(200), timezone }),
]);
export type Schedule = z.infer<typeof scheduleSchema>;

const keep = z.number().int().min(0).max(100_000).optional();
/** restic's keep rules; nothing is forgotten when all are absent. */
export const retentionSchema = z.object({
  keepLast: keep, keepHourly: keep, keepDaily: keep, keepWeekly: keep, keepMonthly: keep, keepYearly: keep,
  keepWithin: z.string().regex(/^(\d+[ymdh])+$/, 'a duration looks like 1y5m7d2h').optional(),
});
export type Retention = z.infer<typeof retentionSchema>;

/** A run whose condition does not hold is deferred, never dropped; past the limit the status says so. */
export const conditionsSchema = z.object({
  onBattery: z.enum(['run', 'defer']).default('defer'),
  onMetered: z.enum(['run', 'defer']).default('defer'),
});
export type Conditions = z.infer<typeof conditionsSchema>;

/** Executables on the agent's computer; each runs only once its content was approved there. */
export const hooksSchema = z.object({
  pre: absolutePath.optional(), post: absolutePath.optional(), onFailure: absolutePath.optional(),
  /** For each of them; 5 when absent. */
  timeLimitMinutes: z.number().int().min(1, 'a time limit is at least a minute').max(24 * 60, 'a time limit is at most a day').optional(),
});
export type Hooks = z.infer<typeof hooksSchema>;

/** A job as a person writes it; the hub adds the rest. */
export const jobDraftSchema = z.object({
  name: nameSchema,
  sources: z.array(sourceSchema).min(1).max(100),
  destination: destinationSchema,
  /** Other repositories that get a copy of each snapshot. */
  copies: z.array(destinationSchema).max(8, 'a job has at most 8 copies').default([]),
  schedule: scheduleSchema,
  retention: retentionSchema.default({}),
  conditions: conditionsSchema.default({ onBattery: 'defer', onMetered: 'defer' }),
  hooks: hooksSchema.default({}),
  paused: z.boolean().default(false),
}).refine(({ copies, destination }) => [({ id }: Destination) => id, repositoryPlace].every((of) => new Set([destination, ...copies].map(of)).size === copies.length + 1), 'each copy belongs into a repository of its own');
export type JobDraft = z.infer<typeof jobDraftSchema>;
export type JobDraftInput = z.input<typeof jobDraftSchema>;

export const jobSchema = jobDraftSchema.safeExtend({ id: idSchema, agentId: idSchema, createdAt: timeSchema });
export type Job = z.infer<typeof jobSchema>;

export const runTriggers = ['manual', 'schedule', 'catch-up', 'first'] as const;
/** `warnings`: finished, but some files could not be read, or something beside the backup went wrong. `interrupted`: the agent died under it. */
export const runStates = ['queued', 'running', 'succeeded', 'warnings', 'failed', 'cancelled', 'interrupted'] as const;
export const finalRunStates = ['succeeded', 'warnings', 'failed', 'cancelled', 'interrupted'] as const;
export const runStateSchema = z.enum(runStates);
export type RunState = z.infer<typeof runStateSchema>;
export type FinalRunState = (typeof finalRunStates)[number];
export const isFinal = (state: RunState): state is FinalRunState => state !== 'queued' && state !== 'running';
export const isGood = (state: RunState): boolean => state === 'succeeded' || state === 'warnings';

const count = z.number().int().min(0);
export const runProgressSchema = z.object({
  phase: z.enum(['preparing', 'backing-up', 'finishing']),
  filesDone: count,
  bytesDone: count,
  /** Known only once the scan is through; null before. */
  filesTotal: count.nullable(),
  bytesTotal: count.nullable(),
  /** New bytes written to the repository so far, after compression. */
  bytesStored: count,
  errors: count,
  currentPath: z.string().max(4096).nullable(),
});
export type RunProgress = z.infer<typeof runProgressSchema>;

export const unreadableFileSchema = z.object({ path: z.string().max(4096), message: z.string().max(1000) });

export const runResultSchema = z.object({
  snapshotId: z.string().regex(/^[0-9a-f]{64}$/),
  treeId: z.string().regex(/^[0-9a-f]{64}$/),
  filesNew: count, filesChanged: count, filesUnmodified: count,
  dirsNew: count, dirsChanged: count, dirsUnmodified: count,
  bytesProcessed: count,
  /** Uncompressed size of the blobs that were new. */
  bytesAdded: count,
  /** What they take in the repository. */
  bytesStored: count,
  durationMs: z.number().min(0),
  unreadableCount: count,
  /** The first hundred of them. */
  unreadable: z.array(unreadableFileSchema).max(100),
  /** What went wrong beside the backup itself, a sentence each: a hook, a copy, old snapshots that could not be forgotten. */
  warnings: z.array(z.string().max(1000)).max(100).default([]),
  /** Of those that were tried. */
  copies: z.array(copyOutcomeSchema).max(20).default([]),
});
export type RunResult = z.infer<typeof runResultSchema>;

export const runSchema = z.object({
  id: idSchema,
  jobId: idSchema,
  jobName: z.string(),
  trigger: z.enum(runTriggers),
  state: runStateSchema,
  queuedAt: timeSchema,
  startedAt: timeSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  progress: runProgressSchema.nullable(),
  result: runResultSchema.nullable(),
  error: errorShape.nullable(),
});
export type Run = z.infer<typeof runSchema>;
export type RunTrigger = Run['trigger'];

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export const logEntrySchema = z.object({
  /** Increasing within one agent process; lets a reader ask for what came after. */
  seq: count,
  at: timeSchema,
  level: z.enum(logLevels),
  /** The room that speaks: tunnel, runner, hub ... */
  scope: z.string().max(40),
  message: z.string().max(8192),
  runId: idSchema.nullable(),
});
export type LogEntry = z.infer<typeof logEntrySchema>;
export type LogLevel = LogEntry['level'];
