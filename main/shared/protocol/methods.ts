/** What either side may ask of the other over the tunnel with `request` / `response`: one table per direction, each method with its schemas. */
import { z } from 'zod';
import { heldJobSchema } from '../consent.js';
import { askedRestoreSchema, findParams, folderPageParams, folderPageSchema, foundSchema, restoreViewSchema } from '../restores.js';
import { idSchema, jobDraftSchema, jobSchema, timeSchema } from '../model.js';
import { hubOffersSchema, sealedPasswordSchema } from './recovery.js';

const method = <P extends z.ZodType, R extends z.ZodType>(params: P, result: R): { params: P; result: R } => ({ params, result });
const nothing = z.object({});

/** Answered by the hub. An agent reaches its own jobs only. */
export const hubMethods = {
  'jobs.create': method(z.object({ draft: jobDraftSchema }), z.object({ job: jobSchema })),
  'jobs.update': method(z.object({ jobId: idSchema, draft: jobDraftSchema }), z.object({ job: jobSchema })),
  'jobs.delete': method(z.object({ jobId: idSchema }), nothing),
  /** What the hub has for its agents. Asked after each welcome; a hub that does not know this offers nothing. */
  'hub.offers': method(nothing, hubOffersSchema),
  /** New credentials of the agent itself for hub storage; older ones of its own stop working. */
  'storage.credentials': method(nothing, z.object({ user: z.string().max(40), password: z.string().max(200) })),
  /** Repository passwords, sealed to the hub's recovery key; one that is there for the same destination is replaced. */
  'escrow.seal': method(z.object({ passwords: z.array(sealedPasswordSchema).min(1).max(100) }), nothing),
  /** All jobs that the agent does not run as they are, because their owner has not allowed it there. A hub that does not know this is none the wiser. */
  'consent.report': method(z.object({ held: z.array(heldJobSchema).max(10_000) }), nothing),
};

export const snapshotInfoSchema = z.object({
  id: z.string(), time: timeSchema, tree: z.string(), paths: z.array(z.string()), hostname: z.string(), tags: z.array(z.string()),
});

/** Answered by the agent. */
export const agentMethods = {
  /** Newest first, as many as fit; `next` is where the rest begins, null at the end. An agent that does not know pages sends all of them. */
  'snapshots.list': method(z.object({ jobId: idSchema, skip: z.number().int().min(0).default(0) }), z.object({ snapshots: z.array(snapshotInfoSchema), next: z.number().int().nullable().default(null) })),
  /** A page of a folder in a snapshot of the job. */
  'snapshots.folder': method(folderPageParams, folderPageSchema),
  /** Versions of files by a part of their name. */
  'snapshots.find': method(findParams, foundSchema),
  /** Into a folder of that computer, beside what is there. Waits for a yes there where the hub is not its owner's own. */
  'restore.start': method(askedRestoreSchema, restoreViewSchema),
  /** Both for restores that the hub asked for, and no others. */
  'restore.get': method(z.object({ restoreId: idSchema }), restoreViewSchema),
  'restore.cancel': method(z.object({ restoreId: idSchema }), nothing),
};

export type MethodTable = Record<string, { params: z.ZodType; result: z.ZodType }>;
export type ParamsOf<T extends MethodTable, M extends keyof T> = z.infer<T[M]['params']>;
export type ParamsInput<T extends MethodTable, M extends keyof T> = z.input<T[M]['params']>;
export type ResultOf<T extends MethodTable, M extends keyof T> = z.infer<T[M]['result']>;
export type HubMethods = typeof hubMethods;
export type AgentMethods = typeof agentMethods;
