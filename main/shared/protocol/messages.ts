/** Every message of the tunnel, subprotocol `holdfast.v1`: JSON text frames. What does not parse closes the connection with 4400. */
import { z } from 'zod';
import { drillSchema } from '../drill.js';
import { errorShape } from '../error-shape.js';
import { idSchema, jobSchema, logLevels, runProgressSchema, runResultSchema, runTriggers, finalRunStates, timeSchema } from '../model.js';

export const subprotocol = 'holdfast.v1';
export const tunnelPath = '/tunnel';
/** Larger frames are refused by both sides before parsing. */
export const maxFrameBytes = 4 * 1024 * 1024;
/** Each side pings this often; a peer silent for `silenceLimitMs` is taken for dead. */
export const heartbeatMs = 15_000;
export const silenceLimitMs = 40_000;

const seq = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const revision = z.number().int().min(0);

/** First message, from the agent. */
export const helloSchema = z.object({
  kind: z.literal('hello'),
  version: z.string().max(40),
  host: z.string().max(255),
  os: z.string().max(40),
  arch: z.string().max(40),
  capabilities: z.array(z.string().max(40)).max(100),
  clock: timeSchema,
  /** IANA name of the computer's timezone: what schedules without one mean by 09:00. */
  timezone: z.string().max(64).optional(),
  /** Revision of the job set that the agent holds; 0 for none. */
  jobsRevision: revision,
  /** Names this journal; `seq` starts at 1 in a new one. A reinstalled agent begins a new one. */
  journalId: idSchema,
});

/** The answer, from the hub. */
export const welcomeSchema = z.object({
  kind: z.literal('welcome'),
  version: z.string().max(40),
  hubName: z.string().max(255),
  agentId: idSchema,
  agentName: z.string().max(255),
  clock: timeSchema,
  /** The last `seq` of this journal that the hub has stored; 0 for none. */
  ackedSeq: z.number().int().min(0),
});

/** The agent's whole job set, sent after welcome when revisions differ and whenever it changes. */
export const jobsSyncSchema = z.object({ kind: z.literal('jobs.sync'), revision, jobs: z.array(jobSchema).max(10_000) });

export const runStartSchema = z.object({ kind: z.literal('run.start'), runId: idSchema, jobId: idSchema });
export const runCancelSchema = z.object({ kind: z.literal('run.cancel'), runId: idSchema });

export const runEventBodySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('queued'), jobName: z.string().max(120), trigger: z.enum(runTriggers) }),
  z.object({ type: z.literal('started') }),
  z.object({ type: z.literal('progress'), progress: runProgressSchema }),
  /** With `drill`, the line tells what a restore drill of the run's snapshot found; a hub that does not know drills keeps the line. */
  z.object({ type: z.literal('log'), level: z.enum(logLevels), message: z.string().max(8192), drill: drillSchema.optional().catch(undefined) }),
  z.object({ type: z.literal('finished'), state: z.enum(finalRunStates), result: runResultSchema.nullable(), error: errorShape.nullable() }),
]);
export type RunEventBody = z.infer<typeof runEventBodySchema>;

export const runEventSchema = z.object({
  kind: z.literal('run.event'),
  seq,
  at: timeSchema,
  runId: idSchema,
  jobId: idSchema,
  event: runEventBodySchema,
});
export type RunEvent = z.infer<typeof runEventSchema>;

/** All events up to and including `seq` are stored by the hub. */
export const ackSchema = z.object({ kind: z.literal('ack'), seq });

export const requestSchema = z.object({
  kind: z.literal('request'),
  id: idSchema,
  method: z.string().max(60),
  params: z.unknown(),
  /** Milliseconds after which the asker no longer waits. */
  deadlineMs: z.number().int().min(1).max(3_600_000),
});
export const responseSchema = z.discriminatedUnion('ok', [
  z.object({ kind: z.literal('response'), id: idSchema, ok: z.literal(true), result: z.unknown() }),
  z.object({ kind: z.literal('response'), id: idSchema, ok: z.literal(false), error: errorShape }),
]);
/** Sent by the asker when it no longer wants the answer. */
export const requestCancelSchema = z.object({ kind: z.literal('request.cancel'), id: idSchema });

export const agentMessageSchema = z.union([helloSchema, runEventSchema, requestSchema, responseSchema, requestCancelSchema]);
export const hubMessageSchema = z.union([welcomeSchema, jobsSyncSchema, runStartSchema, runCancelSchema, ackSchema, requestSchema, responseSchema, requestCancelSchema]);
export type AgentMessage = z.infer<typeof agentMessageSchema>;
export type HubMessage = z.infer<typeof hubMessageSchema>;
export type Hello = z.infer<typeof helloSchema>;
export type Welcome = z.infer<typeof welcomeSchema>;
export type Request = z.infer<typeof requestSchema>;
export type Response = z.infer<typeof responseSchema>;
