/** Escrow: an office's recovery key, an age X25519 pair (https://age-encryption.org/v1). Agents seal repository passwords to its public half. */
import { z } from 'zod';
import { idSchema, timeSchema } from '../model.js';

/** The public half, in Bech32. */
export const recipientSchema = z.string().regex(/^age1[02-9ac-hj-np-z]{58}$/, 'a recovery key looks like age1… with 62 characters');

/** What a hub offers its agents. */
export const hubOffersSchema = z.object({
  /** It has storage for backups. */
  storage: z.boolean(),
  /** Its recovery key; null where there is none. */
  recipient: recipientSchema.nullable(),
});
export type HubOffers = z.infer<typeof hubOffersSchema>;

/** A repository password, sealed: an armored age file whose content is the password and nothing else. */
export const sealedPasswordSchema = z.object({
  destinationId: idSchema,
  destinationName: z.string().max(120),
  url: z.string().max(4096),
  recipient: recipientSchema,
  sealed: z.string().startsWith('-----BEGIN AGE ENCRYPTED FILE-----').max(8192),
});
export type SealedPassword = z.infer<typeof sealedPasswordSchema>;

/** Whether this computer's owner lets the office recover its backups. */
export const recoveryConsentSchema = z.object({ recipient: recipientSchema, answer: z.enum(['asked', 'allowed', 'refused']) });
export type RecoveryConsent = z.infer<typeof recoveryConsentSchema>;

/** What the hub holds of one password, without it. */
export const escrowEntrySchema = z.object({
  agentId: idSchema, agentName: z.string(), destinationId: idSchema, destinationName: z.string(), url: z.string(), sealedAt: timeSchema,
  /** Sealed to the key that is in use now. */
  current: z.boolean(),
});
export const escrowOverviewSchema = z.object({
  recipient: recipientSchema.nullable(),
  createdAt: timeSchema.nullable(),
  sealed: z.array(escrowEntrySchema),
});
export type EscrowOverview = z.infer<typeof escrowOverviewSchema>;
export const sealedForOwnerSchema = sealedPasswordSchema.extend({ agentId: idSchema, agentName: z.string(), sealedAt: timeSchema });
export type SealedForOwner = z.infer<typeof sealedForOwnerSchema>;
