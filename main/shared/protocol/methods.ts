/** What either side may ask of the other over the tunnel with `request` / `response`: one table per direction, each method with its schemas. */
import { z } from 'zod';
import { idSchema, jobDraftSchema, jobSchema, timeSchema } from '../model.js';

const method = <P extends z.ZodType, R extends z.ZodType>(params: P, result: R): { params: P; result: R } => ({ params, result });
const nothing = z.object({});

/** Answered by the hub. An agent reaches its own jobs only. */
export const hubMethods = {
  'jobs.create': method(z.object({ draft: jobDraftSchema }), z.object({ job: jobSchema })),
  'jobs.update': method(z.object({ jobId: idSchema, draft: jobDraftSchema }), z.object({ job: jobSchema })),
  'jobs.delete': method(z.object({ jobId: idSchema }), nothing),
};

export const snapshotInfoSchema = z.object({
  id: z.string(), time: timeSchema, tree: z.string(), paths: z.array(z.string()), hostname: z.string(), tags: z.array(z.string()),
});

/** Answered by the agent. */
export const agentMethods = {
  'snapshots.list': method(z.object({ jobId: idSchema }), z.object({ snapshots: z.array(snapshotInfoSchema) })),
};

export type MethodTable = Record<string, { params: z.ZodType; result: z.ZodType }>;
export type ParamsOf<T extends MethodTable, M extends keyof T> = z.infer<T[M]['params']>;
export type ParamsInput<T extends MethodTable, M extends keyof T> = z.input<T[M]['params']>;
export type ResultOf<T extends MethodTable, M extends keyof T> = z.infer<T[M]['result']>;
export type HubMethods = typeof hubMethods;
export type AgentMethods = typeof agentMethods;
