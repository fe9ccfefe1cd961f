/** A run that changed far more than is usual for its job: what a person is told, and what is held until they have looked. */
import { z } from 'zod';
import { timeSchema } from './model.js';

export const alarmSchema = z.object({
  /** Of the snapshot, its first 12 hexadecimal digits; `holdfast approve` takes it. */
  id: z.string().regex(/^[0-9a-f]{12}$/),
  at: timeSchema,
  /** A sentence: what changed, and what was usual. */
  reason: z.string().max(1000),
  /** The last snapshot before, which is the one to restore from; null when it is not known. */
  before: z.string().regex(/^[0-9a-f]{64}$/).nullable(),
});
export type Alarm = z.infer<typeof alarmSchema>;

/** What follows the reason wherever an alarm is shown. */
export const alarmAdvice = 'Old snapshots are kept until you have looked: accept the changes if they are yours; if not, restore from the backup before.';
