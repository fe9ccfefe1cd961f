/** What crosses between a caller's thread and the engine's thread. Both sides parse what they receive. */
import { z } from 'zod';
import { errorShape } from '../../shared/error-shape.js';
import { progress } from '../types.js';

const call = z.number().int().nonnegative();
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const toEngine = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('start'), call, operation: z.string(), request: z.unknown(),
    /** Which of the control's parts the caller has. */
    wants: z.object({ progress: z.boolean(), trace: z.boolean(), input: z.boolean(), streams: z.boolean(), output: z.boolean(), entries: z.boolean() }),
  }),
  z.object({ kind: z.literal('abort'), call }),
  /** Input for a backup from a stream; null is the end. */
  z.object({ kind: z.literal('input'), call, piece: bytes.nullable() }),
  z.object({ kind: z.literal('input-failed'), call, error: errorShape }),
  /** The caller has taken a piece of output or a batch of entries. */
  z.object({ kind: z.literal('taken'), call, error: errorShape.optional() }),
]);
export type ToEngine = z.infer<typeof toEngine>;

export const fromEngine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('result'), call, result: z.unknown() }),
  z.object({ kind: z.literal('error'), call, error: errorShape }),
  z.object({ kind: z.literal('progress'), call, progress }),
  z.object({ kind: z.literal('item-error'), call, error: z.object({ path: z.string(), message: z.string() }) }),
  z.object({ kind: z.literal('warning'), call, text: z.string() }),
  z.object({ kind: z.literal('trace'), call, line: z.string() }),
  /** Of one of the request's streams, or of the only input. */
  z.object({ kind: z.literal('want-input'), call, stream: z.number().int().nonnegative().nullable() }),
  /** Nothing more of it is wanted. */
  z.object({ kind: z.literal('end-input'), call, stream: z.number().int().nonnegative().nullable() }),
  z.object({ kind: z.literal('output'), call, piece: bytes }),
  z.object({ kind: z.literal('entries'), call, entries: z.array(z.unknown()) }),
]);
export type FromEngine = z.infer<typeof fromEngine>;
