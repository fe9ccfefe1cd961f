/** Places that are reached over the network, as the set-up offers them. */
import type { Place } from '../../../main/shared/ipc.js';
import type { Preset } from '../../../main/shared/presets.js';

/** The one that jobs know it by; else the same for the same address, so that a set-up that was broken off finds its password again; the command line makes it the same way. */
export async function destinationIdOf(url: string, known: readonly Place[]): Promise<string> {
  const used = known.find(({ path }) => path === url);
  if (used !== undefined) return used.destinationId;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('').slice(0, 32);
}

export async function remotePlace({ name }: Pick<Preset, 'name'>, answers: Readonly<Record<string, string>>, url: string, known: readonly Place[]): Promise<Place> {
  const where = answers['bucket'] ?? answers['host'] ?? answers['user'] ?? '';
  return { destinationId: await destinationIdOf(url, known), path: url, name: (where === '' ? name : `${name}, ${where}`).slice(0, 120), kind: 'folder', freeBytes: null };
}
