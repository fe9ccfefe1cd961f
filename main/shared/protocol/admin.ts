/**
 * What a hub's owner may ask of the hub: one table, from which the HTTP routes, the client and the type of both are made.
 * A parameter named in the path travels there; the others travel in the query of a GET and in the JSON body of everything else.
 */
import { z } from 'zod';
import { alertSchema, alertSettingsSchema, channelChangeSchema, channelConfigSchema, channelNameSchema, channelViewSchema } from './alerts.js';
import { heldJobSchema } from '../consent.js';
import { askedRestoreSchema, findParams, folderPageParams, folderPageSchema, foundSchema, restoreViewSchema, snapshotChoiceSchema } from '../restores.js';
import { idSchema, jobDraftSchema, jobSchema, logLevels, runSchema, timeSchema } from '../model.js';
import { statusSchema } from '../status.js';
import { escrowOverviewSchema, recipientSchema, sealedForOwnerSchema } from './recovery.js';
import { quotaSchema, storageCredentialsSchema, storageOverviewSchema, storageSettingsSchema } from './storage.js';
import { tokenSchema } from './token.js';

export const setupTokenViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: timeSchema,
  expiresAt: timeSchema.nullable(),
  /** How many computers may join with it; null for any number. */
  maxUses: z.number().int().nullable(),
  uses: z.number().int(),
  revokedAt: timeSchema.nullable(),
  /** Could a computer join with it now? */
  usable: z.boolean(),
});
export type SetupTokenView = z.infer<typeof setupTokenViewSchema>;

export const agentViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  registeredAt: timeSchema,
  online: z.boolean(),
  lastSeenAt: timeSchema.nullable(),
  status: statusSchema,
  reason: z.string(),
  lastGoodAt: timeSchema.nullable(),
  /** What the agent said of its computer when it last connected; null before. */
  host: z.string().nullable(),
  os: z.string().nullable(),
  arch: z.string().nullable(),
  version: z.string().nullable(),
  jobs: z.number().int(),
});
export type AgentView = z.infer<typeof agentViewSchema>;

export const lastRunSchema = z.object({
  id: idSchema,
  state: runSchema.shape.state,
  snapshotId: z.string().nullable(),
  error: runSchema.shape.error,
  finishedAt: timeSchema.nullable(),
});

export const hubJobViewSchema = jobSchema.safeExtend({
  agentName: z.string(),
  status: statusSchema,
  reason: z.string(),
  lastGoodAt: timeSchema.nullable(),
  nextRunAt: timeSchema.nullable(),
  lastRun: lastRunSchema.nullable(),
  /** What the owner of that computer has not allowed of this job; null when it runs there as it is. */
  held: heldJobSchema.omit({ jobId: true }).nullable(),
});
export type HubJobView = z.infer<typeof hubJobViewSchema>;

export const hubRunViewSchema = runSchema.extend({
  agentId: idSchema,
  agentName: z.string(),
  /** The hub ordered it and the agent has not answered yet. */
  awaitingAgent: z.boolean(),
});
export type HubRunView = z.infer<typeof hubRunViewSchema>;

export const runLogLineSchema = z.object({ at: timeSchema, level: z.enum(logLevels), message: z.string() });
export type RunLogLine = z.infer<typeof runLogLineSchema>;

export const roles = ['viewer', 'admin'] as const;
export const roleSchema = z.enum(roles);
export type Role = z.infer<typeof roleSchema>;

export const userViewSchema = z.object({ id: idSchema, name: z.string(), role: roleSchema, createdAt: timeSchema, /** Without one, a login link is the way in. */ hasPassword: z.boolean() });
export type UserView = z.infer<typeof userViewSchema>;

export const apiTokenViewSchema = z.object({ id: idSchema, name: z.string(), role: roleSchema, createdAt: timeSchema, expiresAt: timeSchema.nullable(), lastUsedAt: timeSchema.nullable() });
export type ApiTokenView = z.infer<typeof apiTokenViewSchema>;

/** One change: who did what to which thing. */
export const auditEntrySchema = z.object({ id: z.number().int(), at: timeSchema, actor: z.string(), action: z.string(), subject: z.string(), address: z.string().nullable() });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE';
const route = <P extends z.ZodType, R extends z.ZodType>(http: HttpMethod, path: string, summary: string, params: P, result: R): { http: HttpMethod; path: string; summary: string; params: P; result: R } =>
  ({ http, path, summary, params, result });

const nothing = z.object({});
const byId = z.object({ id: idSchema });
/** Written at every login; `:` and control characters have no place in it. */
export const userNameSchema = z.string().trim().regex(/^[\p{L}\p{N}._@ -]{1,60}$/u, 'a user name has 1 to 60 letters, digits, spaces or . _ @ -');
export const passwordSchema = z.string().min(10, 'a password has at least 10 characters').max(200, 'a password has at most 200 characters');
const agentName = z.string().trim().min(1, 'a name is missing').max(120);
/** Numbers arrive as text in a query. */
const limit = z.coerce.number().int().min(1).max(1000).default(100);

export const adminRoutes = {
  hub: route('GET', '/api/hub', 'The hub itself', nothing,
    z.object({ name: z.string(), version: z.string(), url: z.string(), fingerprint: z.string(), startedAt: timeSchema, agents: z.number().int(), online: z.number().int() })),

  createSetupToken: route('POST', '/api/setup-tokens', 'Make a setup token; the token is shown this once',
    z.object({
      name: agentName,
      /** Hours until it expires; null for never. */
      expiresInHours: z.number().positive().max(24 * 3660).nullable().default(24 * 7),
      maxUses: z.number().int().min(1).max(1_000_000).nullable().default(null),
    }),
    z.object({ id: z.string(), token: tokenSchema, link: z.string(), /** The line for a shell that installs Holdfast and joins with it. */ command: z.string(), expiresAt: timeSchema.nullable() })),
  listSetupTokens: route('GET', '/api/setup-tokens', 'All setup tokens, newest first', nothing, z.array(setupTokenViewSchema)),
  revokeSetupToken: route('DELETE', '/api/setup-tokens/:id', 'Revoke a setup token; computers that joined with it stay', byId, nothing),

  addAgent: route('POST', '/api/agents', 'Name a computer and get its agent token, shown this once',
    z.object({ name: agentName }), z.object({ id: idSchema, name: z.string(), token: tokenSchema, link: z.string() })),
  listAgents: route('GET', '/api/agents', 'Computers, by name: all of them, or with a limit one page',
    z.object({
      /** Part of the name here or of the computer's own. */
      search: z.string().trim().max(120).optional(),
      limit: z.coerce.number().int().min(1).max(1000).optional(),
      /** How many to leave out at the beginning; with a limit only. */
      offset: z.coerce.number().int().min(0).max(1_000_000).optional(),
    }), z.array(agentViewSchema)),
  renameAgent: route('PATCH', '/api/agents/:id', 'Rename a computer', byId.extend({ name: agentName }), nothing),
  deleteAgent: route('DELETE', '/api/agents/:id', 'Remove a computer and its jobs; its token stops working at once', byId,
    z.object({ deletedJobs: z.array(z.object({ id: idSchema, name: z.string() })) })),

  createJob: route('POST', '/api/jobs', 'Give a computer a job', z.object({ agentId: idSchema, draft: jobDraftSchema }), jobSchema),
  updateJob: route('PATCH', '/api/jobs/:id', 'Replace a job by a new version of it', byId.extend({ draft: jobDraftSchema }), jobSchema),
  listJobs: route('GET', '/api/jobs', 'All jobs, or those of one computer', z.object({ agentId: idSchema.optional() }), z.array(hubJobViewSchema)),
  deleteJob: route('DELETE', '/api/jobs/:id', 'Delete a job; snapshots stay where they are', byId, nothing),
  pauseJob: route('POST', '/api/jobs/:id/pause', 'Hold the schedule of a job', byId, nothing),
  resumeJob: route('POST', '/api/jobs/:id/resume', 'Let the schedule of a job run again', byId, nothing),
  moveJob: route('POST', '/api/jobs/:id/move', 'Give a job to another computer, where it begins without a history', byId.extend({ agentId: idSchema }), jobSchema),
  /** Waits for the agent where it is offline; the run is `queued` until then. */
  runJob: route('POST', '/api/jobs/:id/run', 'Run a job now', byId, z.object({ id: idSchema })),

  listRuns: route('GET', '/api/runs', 'Runs, newest first', z.object({ agentId: idSchema.optional(), jobId: idSchema.optional(), limit }), z.array(hubRunViewSchema)),
  getRun: route('GET', '/api/runs/:id', 'One run with its newest log lines, oldest first', byId.extend({ limit }), z.object({ run: hubRunViewSchema, log: z.array(runLogLineSchema) })),
  cancelRun: route('POST', '/api/runs/:id/cancel', 'Cancel a run', byId, nothing),

  listSnapshots: route('GET', '/api/jobs/:id/snapshots', 'Snapshots of a job, asked of its computer, newest first',
    byId.extend({ skip: z.coerce.number().int().min(0).default(0) }), z.object({ snapshots: z.array(snapshotChoiceSchema), /** Where the rest begins. */ next: z.number().int().nullable() })),
  /** Names of files are read out, so these two are for admins and on record. */
  browseSnapshot: route('POST', '/api/jobs/:id/browse', 'A page of a folder in a snapshot, asked of its computer', folderPageParams.omit({ jobId: true }).extend({ id: idSchema }), folderPageSchema),
  findVersions: route('POST', '/api/jobs/:id/find', 'Versions of files by a part of their name, asked of their computer', findParams.omit({ jobId: true }).extend({ id: idSchema }), foundSchema),
  startRestore: route('POST', '/api/jobs/:id/restores', 'Restore into a folder of that computer, beside what is there; it may wait for a yes there', askedRestoreSchema.omit({ jobId: true }).extend({ id: idSchema }), restoreViewSchema),
  getRestore: route('GET', '/api/jobs/:id/restores/:restore', 'How a restore goes that was asked for here', byId.extend({ restore: idSchema }), restoreViewSchema),
  cancelRestore: route('POST', '/api/jobs/:id/restores/:restore/cancel', 'Cancel a restore that was asked for here', byId.extend({ restore: idSchema }), nothing),

  listUsers: route('GET', '/api/users', 'People who may log in', nothing, z.array(userViewSchema)),
  createUser: route('POST', '/api/users', 'Let a person log in', z.object({ name: userNameSchema, role: roleSchema, password: passwordSchema }), userViewSchema),
  updateUser: route('PATCH', '/api/users/:id', 'Change the role or the password of a person; ends their sessions', byId.extend({ role: roleSchema.optional(), password: passwordSchema.optional() }), nothing),
  deleteUser: route('DELETE', '/api/users/:id', 'Remove a person; ends their sessions', byId, nothing),
  /** Where nobody may log in yet, it makes the first user, "admin". */
  createLoginLink: route('POST', '/api/login-links', 'Make a link that logs a person in once, within ten minutes', z.object({ user: userNameSchema.optional() }), z.object({ url: z.string(), user: z.string(), expiresAt: timeSchema })),

  listApiTokens: route('GET', '/api/api-tokens', 'Tokens with which programs use this API', nothing, z.array(apiTokenViewSchema)),
  createApiToken: route('POST', '/api/api-tokens', 'Make an API token; it is shown this once',
    z.object({ name: agentName, role: roleSchema, expiresInDays: z.number().int().min(1).max(3660).nullable().default(null) }), z.object({ id: idSchema, token: tokenSchema, expiresAt: timeSchema.nullable() })),
  deleteApiToken: route('DELETE', '/api/api-tokens/:id', 'Revoke an API token', byId, nothing),

  storage: route('GET', '/api/storage', 'Hub storage: its settings, and what each computer keeps there', nothing, storageOverviewSchema),
  updateStorage: route('PATCH', '/api/storage', 'Switch hub storage on or off, or change its limits', storageSettingsSchema.partial(), nothing),
  setStorageQuota: route('PATCH', '/api/storage/agents/:id', 'Give a computer a quota of its own (bytes), or with null the usual one', byId.extend({ quota: quotaSchema }), nothing),
  renewStorageCredentials: route('POST', '/api/storage/agents/:id/credentials', 'Make credentials with which a plain restic uses the storage of a computer; shown this once, older ones stop working', byId, storageCredentialsSchema),
  discardStorage: route('DELETE', '/api/storage/agents/:id', 'Delete, for good, what a computer that was removed from the hub kept in hub storage', byId, z.object({ bytes: z.number().int() })),

  escrow: route('GET', '/api/escrow', 'The recovery key of the office, and whose passwords are sealed to it', nothing, escrowOverviewSchema),
  useRecoveryKey: route('POST', '/api/escrow', 'Take a recovery key into use; agents are asked to seal to it', z.object({ recipient: recipientSchema }), nothing),
  stopEscrow: route('DELETE', '/api/escrow', 'Use no recovery key any more', z.object({ /** Throw away what was sealed, too. */ forget: z.boolean().default(false) }), nothing),
  listSealedPasswords: route('GET', '/api/escrow/passwords', 'Passwords sealed to recovery keys', nothing, z.array(sealedForOwnerSchema)),

  listAlerts: route('GET', '/api/alerts', 'What is wrong, and what was: problems that last come first', z.object({ state: z.enum(['open', 'all']).default('all'), limit }), z.array(alertSchema)),
  alertSettings: route('GET', '/api/alert-settings', 'When something counts as a problem', nothing, alertSettingsSchema),
  updateAlertSettings: route('PATCH', '/api/alert-settings', 'Change when something counts as a problem', alertSettingsSchema.partial(), nothing),
  listAlertChannels: route('GET', '/api/alert-channels', 'The ways in which people are told of problems, without their secrets', nothing, z.array(channelViewSchema)),
  createAlertChannel: route('POST', '/api/alert-channels', 'Add a way to be told of problems', z.object({ name: channelNameSchema, config: channelConfigSchema }), z.object({ id: idSchema })),
  updateAlertChannel: route('PATCH', '/api/alert-channels/:id', 'Rename a way to be told, switch it on or off, or set it up anew',
    byId.extend({ name: channelNameSchema.optional(), enabled: z.boolean().optional(), config: channelChangeSchema.optional() }), nothing),
  deleteAlertChannel: route('DELETE', '/api/alert-channels/:id', 'Remove a way to be told', byId, nothing),
  testAlertChannel: route('POST', '/api/alert-channels/:id/test', 'Send a test message now', byId, nothing),

  listAudit: route('GET', '/api/audit', 'Changes, newest first', z.object({ limit, /** Entries before this one. */ before: z.coerce.number().int().min(1).optional() }), z.array(auditEntrySchema)),
};
export type AdminRoutes = typeof adminRoutes;
export type AdminRoute = keyof AdminRoutes;
export type AdminParams<N extends AdminRoute> = z.input<AdminRoutes[N]['params']>;
export type AdminResult<N extends AdminRoute> = z.infer<AdminRoutes[N]['result']>;

/** The running hub, in this process or behind its local socket. Every method rejects with HoldfastError. */
export type HubAdmin = { readonly [N in AdminRoute]: (params: AdminParams<N>) => Promise<AdminResult<N>> };
