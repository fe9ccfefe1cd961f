/** What the agent itself must remember. Kept in the user's settings file; holds no secret. */
import { z } from 'zod';
import { idSchema, timeSchema } from '../shared/model.js';
import { recoveryConsentSchema } from '../shared/protocol/recovery.js';
import { knownDiskSchema } from './destinations/known-disk.js';

export const agentSettingsSchema = z.object({
  /** The hub that was joined; its token is in the secret store. */
  hub: z.object({ url: z.string(), fingerprint: z.string().regex(/^[0-9a-f]{64}$/).nullable() }).nullable().default(null),
  agentId: idSchema.nullable().default(null),
  /** What the hub calls this computer; the host name until it was told. */
  name: z.string().nullable().default(null),
  paused: z.object({ until: timeSchema.nullable() }).nullable().default(null),
  /** Destinations whose recovery kit was saved or printed. */
  confirmedRecoveryKits: z.array(idSchema).default([]),
  /** The office's recovery key, and whether this computer's owner lets it be used; null before a hub named one. */
  recovery: recoveryConsentSchema.nullable().default(null),
  /** Disks that destinations were found on, by the destination's id. */
  disks: z.record(z.string(), knownDiskSchema).default({}),
});
export type AgentSettings = z.infer<typeof agentSettingsSchema>;
