/**
 * An update is on trial until it has connected to the hub. What is to be done with it at a start and at each look. Pure; what is
 * remembered about it is a small file, because the version that judges is not the one that installed.
 */
import { z } from 'zod';
import type { Connection } from '../../shared/control.js';
import { timeSchema } from '../../shared/model.js';

export const trialSchema = z.object({
  from: z.string(),
  to: z.string(),
  /** The file or folder that was replaced, and where the former one is kept. */
  package: z.string().startsWith('/'),
  former: z.string().startsWith('/'),
  installedAt: timeSchema,
  /** How often the new version was started since. */
  starts: z.number().int().min(0),
});
export type Trial = z.infer<typeof trialSchema>;

export const updateRecordSchema = z.object({
  trial: trialSchema.nullable().default(null),
  /** A version that did not work here. It is not installed again; the next one is. */
  refused: z.string().nullable().default(null),
});
export type UpdateRecord = z.infer<typeof updateRecordSchema>;

/** A version that ends before it could connect is started again by a person or the service; this often, then no more. */
const mostStarts = 3;

/** How long the new version has for its first connection, ms. */
export const trialTime = 5 * 60_000;

/** What to do at a start. `replaced-not`: the running version is not the new one. */
export function atStart({ trial }: UpdateRecord, version: string): 'nothing' | 'try' | 'put-back' | 'not-replaced' {
  if (trial === null) return 'nothing';
  if (version !== trial.to) return 'not-replaced';
  return trial.starts >= mostStarts ? 'put-back' : 'try';
}

/**
 * What to do with a version on trial.
 * @param tried ms since it started, or since it was last given more time
 * @param hubAnswers whether the hub can be reached at all; null where that is not known yet
 * @returns `ask` to find out whether the hub answers; `more-time` when it is not the version's fault
 */
export function judge(connection: Pick<Connection, 'state'>, tried: number, hubAnswers: boolean | null): 'keep' | 'wait' | 'ask' | 'more-time' | 'put-back' {
  if (connection.state === 'connected') return 'keep';
  if (tried < trialTime) return 'wait';
  // Paused, or a member of no hub: it has stayed up, and there is nothing to connect to.
  if (connection.state === 'paused' || connection.state === 'not-joined') return 'keep';
  if (hubAnswers === null) return 'ask';
  return hubAnswers ? 'put-back' : 'more-time';
}
