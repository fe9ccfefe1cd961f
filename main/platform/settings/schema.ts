/** Everything a user can set, and what Holdfast must remember between two starts. One file; no secret in it. */
import { z } from 'zod';
import { agentSettingsSchema } from '../../agent/settings.js';

export const settingsSchema = agentSettingsSchema.extend({
  /** The hub inside the app; it runs unless another hub was joined. */
  embeddedHub: z.object({
    enabled: z.boolean().default(true),
    /** Reachable from other computers; on loopback only otherwise. */
    lan: z.boolean().default(false),
    /** The port it had last; null before its first start. */
    port: z.number().int().min(1).max(65_535).nullable().default(null),
  }).default({ enabled: true, lan: false, port: null }),
  /** Where secrets were put at first; null before. It is never changed silently. */
  secrets: z.enum(['keychain', 'file']).nullable().default(null),
  notifications: z.boolean().default(true),
  updates: z.object({
    automatic: z.boolean().default(true),
    /** A folder with `latest-linux.yml` or `latest-mac.yml`, such as the downloads of a hub. Null: there are no updates. */
    url: z.url().refine((url) => /^(https:|http:\/\/127\.0\.0\.1[:/])/.test(url), 'updates come over https').nullable().default(null),
  }).default({ automatic: true, url: null }),
  /** Where the window was, px. */
  window: z.object({
    bounds: z.object({ x: z.number().int(), y: z.number().int(), width: z.number().int(), height: z.number().int() }).nullable().default(null),
    maximized: z.boolean().default(false),
  }).default({ bounds: null, maximized: false }),
});
export type SettingsData = z.infer<typeof settingsSchema>;
