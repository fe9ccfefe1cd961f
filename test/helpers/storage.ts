/** Hub storage of a real hub, for tests. */
import path from 'node:path';
import type { RunningHub } from '../../main/hub/index.js';
import { Restic } from './restic.js';

export interface Stored {
  readonly agentId: string;
  readonly user: string;
  readonly password: string;
  /** restic's, without the secret. */
  readonly url: string;
}

/** Switches storage on, with nothing kept free of the disk, and makes a computer with credentials. */
export async function storedAgent({ admin }: Pick<RunningHub, 'admin'>, name = 'laptop', quota: number | null = null): Promise<Stored> {
  await admin.updateStorage({ offered: true, reserve: 0 });
  const { id } = await admin.addAgent({ name });
  if (quota !== null) await admin.setStorageQuota({ id, quota });
  return admin.renewStorageCredentials({ id });
}

/** The official restic on it, which knows the hub by its certificate. */
export function resticOn(hub: { readonly dataFolder: string }, { url, user, password }: Stored, cacheFolder: string): Restic {
  const certificate = path.join(hub.dataFolder, 'hub-certificate.pem');
  return new Restic(url.replace('//', `//${user}:${password}@`), 'geheim', cacheFolder, ['--cacert', certificate]);
}
