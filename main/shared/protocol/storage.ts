/** Hub storage in words: where it is, what its owner sees and sets, what an agent is told. */
import { z } from 'zod';
import { idSchema, timeSchema } from '../model.js';

/** On the hub's own port; `<agent id>/` follows, and below it restic's REST protocol. */
export const storagePath = '/storage/';

const bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** Bytes; null for no limit. */
export const quotaSchema = bytes.nullable();

/** What one computer keeps here. One that was removed is listed for as long as its backups are. */
export const agentStorageSchema = z.object({
  agentId: idSchema,
  name: z.string(),
  removed: z.boolean(),
  /** False until it has stored something. */
  hasRepository: z.boolean(),
  usedBytes: bytes,
  /** Its own quota; null where the usual one applies. */
  ownQuota: quotaSchema,
  /** The quota that applies; null for none. */
  quota: quotaSchema,
  lastWriteAt: timeSchema.nullable(),
  /** When credentials were made: the agent's own, and those for plain restic. Null where there are none. */
  agentKeyAt: timeSchema.nullable(),
  resticKeyAt: timeSchema.nullable(),
});
export type AgentStorage = z.infer<typeof agentStorageSchema>;

export const storageSettingsSchema = z.object({
  /** Switched off, nothing is written any more; what is there can be read. */
  offered: z.boolean(),
  /** For each computer without a quota of its own. */
  defaultQuota: quotaSchema,
  /** For all together. */
  totalQuota: quotaSchema,
  /** So many bytes of the disk stay free, whatever the quotas say. */
  reserve: bytes,
});
export type StorageSettings = z.infer<typeof storageSettingsSchema>;

export const storageOverviewSchema = z.object({
  settings: storageSettingsSchema,
  /** On the hub's computer. */
  folder: z.string(),
  usedBytes: bytes,
  /** Of the disk with that folder; null when the system does not say. */
  freeBytes: bytes.nullable(),
  diskBytes: bytes.nullable(),
  agents: z.array(agentStorageSchema),
});
export type StorageOverview = z.infer<typeof storageOverviewSchema>;

/** Made once and shown once; the hub keeps a hash. `url` is restic's, without the secret. */
export const storageCredentialsSchema = z.object({ agentId: idSchema, user: z.string(), password: z.string(), url: z.string() });
export type StorageCredentials = z.infer<typeof storageCredentialsSchema>;

/** A destination that names no server: the agent finds the storage of the hub that it belongs to, wherever that is by now. */
export const hubStorageUrl = 'hub:storage';
/** One repository per computer, so one destination with one password. */
export const hubStorageDestination = { id: 'hub-storage', name: 'Hub storage', url: hubStorageUrl } as const;
export const isHubStorage = (url: string): boolean => url === hubStorageUrl;
