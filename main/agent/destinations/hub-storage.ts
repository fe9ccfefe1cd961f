/** Hub storage as a destination: where it is right now, and this computer's own credentials for it. */
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { isHubStorage, storagePath } from '../../shared/protocol/storage.js';
import { parseToken } from '../../shared/protocol/token.js';
import type { RepositoryAccess, SecretStore } from '../ports.js';
import type { TunnelIdentity } from '../tunnel-port.js';

const secretName = 'hub-storage';
const storedSchema = z.object({ hub: z.string(), user: z.string(), password: z.string() });
type Stored = z.infer<typeof storedSchema>;

export interface HubStoragePorts {
  readonly secrets: SecretStore;
  /** Who this computer is to its hub; null when it belongs to none. */
  readonly identity: () => Promise<TunnelIdentity | null>;
  /** Asks the hub through the tunnel. An older password stops working. */
  readonly askCredentials: () => Promise<{ user: string; password: string }>;
}

export type Place = Omit<RepositoryAccess, 'password'>;

export class HubStoragePlace {
  private asking: Promise<Stored> | null = null;

  constructor(private readonly ports: HubStoragePorts) {}

  /**
   * What the engine needs to reach `url`; anything but hub storage is what it says.
   * @throws HoldfastError `destination-missing` when this computer belongs to no hub; `hub-unreachable` when credentials are needed and the
   *   hub is not connected; `policy-refused` when it offers no storage.
   */
  async of(url: string): Promise<Place> {
    if (!isHubStorage(url)) return { url };
    const identity = await this.ports.identity();
    if (identity === null) throw new HoldfastError('destination-missing', 'This computer belongs to no hub, so it has no hub storage. Join the hub again, or choose another destination.', { retryable: false });
    const { user, password } = await this.credentials(identity.url);
    return { url: placeUrl(identity), backend: { user, password, ...(identity.fingerprint === null ? {} : { 'certificate-pin': identity.fingerprint }) } };
  }

  /** The hub does not accept the credentials any more: ask for new ones next time. */
  async renew(): Promise<void> {
    await this.ports.secrets.delete(secretName);
  }

  /** Two at the same time must not take each other's password away. */
  private credentials(hub: string): Promise<Stored> {
    this.asking ??= this.obtain(hub).finally(() => { this.asking = null; });
    return this.asking;
  }

  private async obtain(hub: string): Promise<Stored> {
    const text = await this.ports.secrets.get(secretName);
    const stored = text === null ? null : parse(text);
    const identity = await this.ports.identity();
    if (stored !== null && stored.hub === hub && stored.user === userOf(identity)) return stored;
    const fresh = { hub, ...await this.ports.askCredentials() };
    await this.ports.secrets.set(secretName, JSON.stringify(fresh));
    return fresh;
  }
}

const userOf = (identity: TunnelIdentity | null): string => String(parseToken(identity?.token ?? '')?.id ?? '');

/** restic's, without a secret: what a recovery kit shows too. */
export const placeUrl = (identity: TunnelIdentity): string => `rest:${identity.url}${storagePath}${userOf(identity)}/`;

function parse(text: string): Stored | null {
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch {
    return null; // damaged: new ones are asked for
  }
}
