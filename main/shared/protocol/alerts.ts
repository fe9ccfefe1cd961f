/** Alerts in words: what can be wrong, the ways to be told of it, and what of them may be seen. Secrets go in and never come out. */
import { z } from 'zod';
import { idSchema, timeSchema } from '../model.js';

/** What can be wrong for longer than a moment. `storage-full`: hub storage is nearly full. */
export const alertKinds = ['job-overdue', 'job-failed', 'agent-gone', 'storage-full'] as const;

export const alertSchema = z.object({
  id: idSchema,
  kind: z.enum(alertKinds),
  /** A line, as in the subject of a mail. */
  title: z.string(),
  /** A sentence or two. */
  text: z.string(),
  openedAt: timeSchema,
  /** Null while it lasts. */
  overAt: timeSchema.nullable(),
});
export type AlertView = z.infer<typeof alertSchema>;

export const alertSettingsSchema = z.object({
  /** A job is overdue when it is late by this many hours and by a whole interval of its schedule as well. */
  overdueAfterHours: z.number().int().min(1).max(24 * 90),
  /** A computer is gone when it was not connected for this many days. */
  goneAfterDays: z.number().int().min(1).max(365),
  /** Hub storage is nearly full from this share of its space on, percent. */
  storageFullPercent: z.number().int().min(50).max(99),
});
export type AlertSettings = z.infer<typeof alertSettingsSchema>;
export const usualAlertSettings: AlertSettings = { overdueAfterHours: 24, goneAfterDays: 7, storageFullPercent: 90 };

const line = (most: number) => z.string().trim().min(1).max(most).regex(/^[^\p{Cc}]*$/u, 'it must be one line');
const secret = z.string().min(1).max(1000).regex(/^[^\p{Cc}]*$/u, 'it must be one line');
const mailAddress = z.string().trim().max(254).regex(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/, 'that is not a mail address');
/** PEM, for servers that no public authority vouches for. */
const certificate = z.string().max(20_000).regex(/^\s*-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----\s*$/, 'that is not a certificate in PEM form');
const webAddress = z.string().trim().max(2000).refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '';
}, 'that is not a web address; it begins with https:// and holds no password');

export const webhookShapes = ['json', 'ntfy', 'slack'] as const;
export type WebhookShape = (typeof webhookShapes)[number];

/** As its owner gives it. */
export const channelConfigSchema = z.discriminatedUnion('kind', [
  /** The desktop of the computer whose app holds this hub. */
  z.object({ kind: z.literal('desktop') }),
  z.object({
    kind: z.literal('email'),
    host: line(253),
    port: z.number().int().min(1).max(65_535),
    /** `tls` from the first byte (usually port 465), `starttls` (587), or `none` for a server in the same building. */
    security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
    user: line(200).optional(),
    password: secret.optional(),
    from: mailAddress,
    to: z.array(mailAddress).min(1, 'a recipient is missing').max(50),
    certificate: certificate.optional(),
  }),
  z.object({
    kind: z.literal('webhook'),
    /** Kept as a secret: whoever knows the address may write to many of these services. */
    url: webAddress,
    shape: z.enum(webhookShapes).default('json'),
    /** Sent as `Authorization: Bearer`. */
    token: secret.optional(),
    certificate: certificate.optional(),
  }),
]);
export type ChannelConfig = z.infer<typeof channelConfigSchema>;
export type EmailConfig = Extract<ChannelConfig, { kind: 'email' }>;
export type WebhookConfig = Extract<ChannelConfig, { kind: 'webhook' }>;

const [desktopConfig, emailConfig, webhookConfig] = channelConfigSchema.options;

/** A new set-up of a channel that there is. What is secret may be left out: then it stays, as long as it goes to the same place. */
export const channelChangeSchema = z.discriminatedUnion('kind', [desktopConfig, emailConfig, webhookConfig.partial({ url: true })]);
export type ChannelChange = z.infer<typeof channelChangeSchema>;

/** What of a channel's set-up may be seen, and is filled in when it is edited. */
export const channelSettingsSchema = z.discriminatedUnion('kind', [desktopConfig, emailConfig.omit({ password: true }), webhookConfig.omit({ url: true, token: true })]);
export type ChannelSettings = z.infer<typeof channelSettingsSchema>;

export const channelViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  kind: z.enum(['desktop', 'email', 'webhook']),
  /** Where it leads, without secrets: "mail.example:587 to ann@example", "https://hooks.example". */
  target: z.string(),
  /** Null where it cannot be read: another hub's key sealed it. */
  settings: channelSettingsSchema.nullable().default(null),
  enabled: z.boolean(),
  lastSentAt: timeSchema.nullable(),
  /** Why the last message did not go out; null when it did. */
  lastError: z.string().nullable(),
  /** Messages that wait to be sent. */
  waiting: z.number().int(),
});
export type ChannelView = z.infer<typeof channelViewSchema>;

export const channelNameSchema = line(80);
