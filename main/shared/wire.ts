/** Frames of the local socket between a running agent or hub and whoever attaches: one JSON object per line. */
import { z } from 'zod';
import { errorShape } from './error-shape.js';

export const localRequestSchema = z.object({ id: z.number().int().min(1), method: z.string().max(60), params: z.unknown() });
export const localReplySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('result'), id: z.number().int(), result: z.unknown() }),
  z.object({ kind: z.literal('error'), id: z.number().int(), error: errorShape }),
  z.object({ kind: z.literal('event'), event: z.string().max(60), payload: z.unknown() }),
]);
export type LocalRequest = z.infer<typeof localRequestSchema>;
export type LocalReply = z.infer<typeof localReplySchema>;
