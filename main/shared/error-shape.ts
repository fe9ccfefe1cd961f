/** How an error that comes from another process or computer is read. Apart from errors.ts, which the engine's threads load too: they need no schemas. */
import { z } from 'zod';
import { errorCodes } from './errors.js';

export const errorShape = z.object({ code: z.enum(errorCodes), message: z.string(), retryable: z.boolean() });
