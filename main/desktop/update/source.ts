/** Where updates come from. Pure. */
import type { SettingsData } from '../../platform/settings/schema.js';

export interface UpdateSource {
  /** Base URL of a folder with `latest-linux.yml` or `latest-mac.yml` (electron-builder, provider "generic"). */
  readonly url: string;
  /** SHA-256 of the certificate's DER form, hex, where the server's certificate is pinned; null: the system's authorities decide. */
  readonly fingerprint: string | null;
}

/**
 * Where this computer gets new versions: only from where its owner said. A hub is not trusted with a computer, so it becomes the
 * source of programs by its owner's word alone; its certificate is then the one that was pinned when it was joined.
 */
export function updateSource({ hub, updates: { automatic, url } }: Pick<SettingsData, 'hub' | 'updates'>): UpdateSource | null {
  if (!automatic || url === null) return null;
  return { url, fingerprint: hub !== null && new URL(hub.url).origin === new URL(url).origin ? hub.fingerprint : null };
}
