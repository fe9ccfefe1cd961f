/**
 * The agent's control contract: what the window, the tray and the CLI may ask of the running agent, and what it tells them.
 * The same table serves the local socket (a second app, the CLI) and, through IPC, the renderer.
 */
import { z } from 'zod';
import { alarmSchema } from './alarm.js';
import { discoverySchema } from './discovery.js';
import { askAboutSchema, consentAnswerSchema, consentIdSchema, consentSchema, noQuestions } from './consent.js';
import { drillSchema, drillViewSchema } from './drill.js';
import { errorShape } from './error-shape.js';
import { idSchema, jobDraftSchema, jobSchema, logEntrySchema, logLevels, runSchema, timeSchema } from './model.js';
import { recipientSchema, recoveryConsentSchema } from './protocol/recovery.js';
import {
  databaseRestoreSchema, fileRestoreSchema, findParams, folderPageParams, folderPageSchema, foundSchema, restoreViewSchema, snapshotChoiceSchema,
} from './restores.js';
import { jobStatusSchema, statusReportSchema } from './status.js';

export const connectionSchema = z.object({
  /** `stopped`: refused for good, a person must act. `not-joined`: no hub yet. */
  state: z.enum(['connected', 'connecting', 'waiting', 'paused', 'stopped', 'not-joined']),
  /** The hub's base URL. */
  hub: z.string().nullable(),
  hubName: z.string().nullable(),
  /** When this state began. */
  since: timeSchema,
  nextAttemptAt: timeSchema.nullable(),
  lastError: errorShape.extend({ at: timeSchema }).nullable(),
});
export type Connection = z.infer<typeof connectionSchema>;

export const jobViewSchema = z.object({
  job: jobSchema,
  status: jobStatusSchema,
  lastRun: runSchema.nullable(),
  nextRunAt: timeSchema.nullable(),
  /** Scheduled runs wait until the recovery kit of this job's destination was saved or printed. */
  recoveryKitConfirmed: z.boolean(),
  /** Absent where the agent is of an older version. */
  drill: drillViewSchema.optional(),
  /** A run changed far more than is usual; nothing old is forgotten until a person accepts it. */
  alarm: alarmSchema.nullable().default(null),
  /** The disk that the destination is on, where it is one that comes and goes. */
  disk: z.object({ label: z.string(), awaySince: timeSchema.nullable() }).nullable().default(null),
});
export type JobView = z.infer<typeof jobViewSchema>;

export const agentStateSchema = statusReportSchema.extend({
  agent: z.object({ id: idSchema.nullable(), name: z.string(), version: z.string(), pid: z.number().int(), dataFolder: z.string() }),
  connection: connectionSchema,
  paused: z.object({ until: timeSchema.nullable() }).nullable(),
  jobs: z.array(jobViewSchema),
  /** Newest first, at most 50. */
  runs: z.array(runSchema),
  /** Where tokens and passwords are kept: the OS keychain, or a file readable by this user only. */
  secrets: z.object({ kind: z.enum(['keychain', 'file']), description: z.string() }),
  /** The office has a recovery key: may it recover the backups of this computer? Null where it has none. */
  recovery: recoveryConsentSchema.nullable().optional(),
  /** What the hub wants and this computer's owner has not allowed yet. */
  consent: consentSchema.default(noQuestions),
  /** Under way and lately, newest first. */
  restores: z.array(restoreViewSchema).default([]),
});
export type AgentState = z.infer<typeof agentStateSchema>;

/** What a person needs to open the repository without Holdfast or this computer. */
export const recoveryKitSchema = z.object({
  destinationId: idSchema,
  destinationName: z.string(),
  repositoryUrl: z.string(),
  password: z.string(),
  computer: z.string(),
  createdAt: timeSchema,
});
export type RecoveryKit = z.infer<typeof recoveryKitSchema>;

const method = <P extends z.ZodType, R extends z.ZodType>(params: P, result: R): { params: P; result: R } => ({ params, result });
const nothing = z.object({});
const folder = z.string().startsWith('/', 'a folder must be named from the root on').max(4096);

const destinationPlace = z.object({ id: idSchema, url: z.string().min(1).max(4096) });
/** As its backend names them; they may be secrets. */
const destinationSettings = z.record(z.string().max(60), z.string().max(65_536));

export const controlMethods = {
  state: method(nothing, agentStateSchema),
  runJob: method(z.object({ jobId: idSchema }), z.object({ runId: idSchema })),
  /** Does a restore drill now and answers when it is over. */
  drillJob: method(z.object({ jobId: idSchema }), z.object({ drill: drillSchema })),
  /** The snapshots of a job, newest first. */
  snapshots: method(z.object({ jobId: idSchema }), z.object({ snapshots: z.array(snapshotChoiceSchema) })),
  /** A page of a folder in a snapshot. */
  browse: method(folderPageParams, folderPageSchema),
  /** Versions of files by a part of their name, newest first. */
  findVersions: method(findParams, foundSchema),
  /** Both begin a restore and answer at once; the state tells how it goes. */
  restoreFiles: method(fileRestoreSchema, z.object({ restoreId: idSchema })),
  restoreDatabase: method(databaseRestoreSchema, z.object({ restoreId: idSchema })),
  cancelRestore: method(z.object({ restoreId: idSchema }), nothing),
  /** The unusual changes of this job were a person's own. */
  acceptChanges: method(z.object({ jobId: idSchema }), nothing),
  cancelRun: method(z.object({ runId: idSchema }), nothing),
  /** Closes the tunnel and holds the schedule; `until` null means until resumed. A run under way is finished first. */
  pause: method(z.object({ until: timeSchema.nullable() }), nothing),
  resume: method(nothing, nothing),
  createJob: method(z.object({ draft: jobDraftSchema }), z.object({ job: jobSchema })),
  updateJob: method(z.object({ jobId: idSchema, draft: jobDraftSchema }), z.object({ job: jobSchema })),
  deleteJob: method(z.object({ jobId: idSchema }), nothing),
  /** Makes the repository at `url` if there is none, with a new password in the secret store; says so if one is there already. */
  prepareDestination: method(
    z.object({ destination: z.object({ id: idSchema, name: z.string(), url: z.string() }), password: z.string().min(1).nullable() }),
    z.object({ created: z.boolean() })),
  /** Writes, lists, reads and deletes a small file there, with these keys or else with those that are kept. */
  testDestination: method(z.object({ destination: destinationPlace, settings: destinationSettings.nullable() }), z.discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), repository: z.boolean(), appendOnly: z.boolean() }),
    /** `hostKey`: the fingerprint of an SSH server that nobody has vouched for yet; as the setting `host-key` it is accepted. */
    z.object({ ok: z.literal(false), message: z.string(), hostKey: z.string().nullable() }),
  ])),
  /** Unmounts the disk of a destination, so that it can be taken away. */
  ejectDisk: method(z.object({ destinationId: idSchema }), z.object({ label: z.string() })),
  /** Keeps what the backend of a destination needs in this computer's secret store, for this address only; null forgets it. */
  setDestinationKeys: method(
    z.object({ destination: destinationPlace, settings: destinationSettings.nullable() }), nothing),
  recoveryKit: method(z.object({ destinationId: idSchema }), recoveryKitSchema),
  confirmRecoveryKit: method(z.object({ destinationId: idSchema }), nothing),
  /** Databases here, and sites and SQLite files below the folders. */
  discover: method(z.object({ folders: z.array(z.string().startsWith('/').max(4096)).max(100) }), discoverySchema),
  /** Keeps the password of a database server in this computer's secret store (see `passwordTarget`); null forgets it. */
  setSourcePassword: method(z.object({ target: z.string().min(1).max(1000), password: z.string().min(1).max(4096).nullable() }), nothing),
  /** Log lines with `seq` greater than `after`, oldest first, the newest `limit` of them. */
  logs: method(
    z.object({ after: z.number().int().min(0).default(0), limit: z.number().int().min(1).max(5000).default(1000), level: z.enum(logLevels).default('debug') }),
    z.object({ entries: z.array(logEntrySchema) })),
  /** `allow`: folders that this hub may back up without asking. */
  join: method(z.object({ link: z.string().max(4096), allow: z.array(folder).max(1000).default([]) }), z.object({ hub: z.string(), name: z.string() })),
  leave: method(nothing, nothing),
  /** Whether the hub has storage for backups, asked of it now; false when it cannot be asked. */
  hubOffers: method(nothing, z.object({ storage: z.boolean() })),
  /** The owner's answer: may the office with this recovery key recover the backups of this computer? */
  answerRecovery: method(z.object({ recipient: recipientSchema, allow: z.boolean() }), nothing),
  /** The owner's answer to questions that wait, or that were refused before. */
  answerConsent: method(z.object({ ids: z.array(consentIdSchema).min(1).max(1000), answer: z.enum(['allow', 'refuse']) }), nothing),
  /** Folders that the hub may back up without asking. */
  allowFolders: method(z.object({ paths: z.array(folder).min(1).max(1000) }), nothing),
  /** What was allowed here so far. */
  allowed: method(nothing, z.object({ allowed: z.array(consentAnswerSchema) })),
  /** Takes answers back; what needs them waits again. */
  withdrawConsent: method(z.object({ ids: z.array(consentIdSchema).min(1).max(1000) }), nothing),
  setAskAbout: method(z.object({ askAbout: askAboutSchema }), nothing),
};
export type ControlMethods = typeof controlMethods;
export type ControlMethod = keyof ControlMethods;
export type ControlParams<M extends ControlMethod> = z.input<ControlMethods[M]['params']>;
export type ControlResult<M extends ControlMethod> = z.infer<ControlMethods[M]['result']>;

export const controlEvents = { state: agentStateSchema, log: logEntrySchema };
export type ControlEvents = { [E in keyof typeof controlEvents]: z.infer<(typeof controlEvents)[E]> };

/** The running agent, in this process or behind the local socket. */
export interface AgentControl {
  call<M extends ControlMethod>(method: M, params: ControlParams<M>): Promise<ControlResult<M>>;
  /** @returns a function that ends the subscription. */
  on<E extends keyof ControlEvents>(event: E, listener: (payload: ControlEvents[E]) => void): () => void;
}
