/** The hub that runs with this user's data folder, as an address to connect to. */
import { asHoldfastError } from '../../shared/errors.js';
import type { HubAddress } from '../../shared/protocol/link.js';
import type { Paths } from '../../platform/paths/paths.js';

/** @returns null when none runs. */
export async function localHub({ hubFolder }: Paths): Promise<HubAddress | null> {
  const { connectHubAdmin } = await import('../../hub/local-socket/client.js');
  try {
    const { fingerprint, url } = await (await connectHubAdmin(hubFolder)).hub({});
    return { url, fingerprint };
  } catch (thrown) {
    const error = asHoldfastError(thrown);
    if (error.code === 'hub-unreachable') return null;
    throw error;
  }
}
