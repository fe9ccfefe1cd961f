/** Keys of destinations: in this computer's secret store, given to the engine only for the address that they were entered for. */
import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Destination } from '../../shared/model.js';
import type { Clock, SecretStore } from '../ports.js';
import type { Place } from './hub-storage.js';

const secretName = (destinationId: string): string => `destination:${destinationId}`;
const storedSchema = z.object({ url: z.string(), settings: z.record(z.string(), z.string()) });

/** A destination that let nobody in is tried again after so long, ms: its owner may have mended it elsewhere. */
const patience = 60 * 60 * 1000;

type Where = Pick<Destination, 'id' | 'url'>;

export class DestinationKeys {
  /** Until when scheduled runs wait for keys. */
  private readonly refused = new Map<string, number>();

  constructor(private readonly secrets: SecretStore, private readonly clock: Pick<Clock, 'now'>) {}

  /**
   * What the engine needs to reach the destination.
   * @throws HoldfastError `policy-refused` when its keys were entered for another address: a hub that moves a destination must not get them sent there.
   */
  async place({ id, url }: Where): Promise<Place> {
    const stored = await this.stored(id);
    if (stored === null) return { url };
    if (stored.url !== url) {
      throw new HoldfastError('policy-refused', `The keys of this destination were entered for another address than ${url}. If that is right, enter them again on this computer with "holdfast destination set ${id}".`);
    }
    return { url, backend: stored.settings };
  }

  /** @param settings as the destination's backend names them; null forgets them. */
  async set({ id, url }: Where, settings: Readonly<Record<string, string>> | null): Promise<void> {
    if (settings === null) await this.secrets.delete(secretName(id));
    else await this.secrets.set(secretName(id), JSON.stringify({ url, settings }));
    this.refused.delete(id);
  }

  /** The destination let this computer in. */
  accepted({ id }: Where): void {
    this.refused.delete(id);
  }

  /** What to say of a failure there: one that keys may mend names the way to enter them, and scheduled runs wait for it. */
  async explain({ id, url }: Where, thrown: unknown): Promise<HoldfastError> {
    const error = asHoldfastError(thrown);
    if (error.code !== 'permission-denied' || !isRemote(url) || (await this.stored(id)) !== null) return error;
    this.refused.set(id, this.clock.now() + patience);
    return new HoldfastError(error.code, `${error.message} If it needs keys, enter them on this computer with "holdfast destination set ${id}".`, { cause: error });
  }

  /** Why a scheduled run of a job would be of no use now, or null. */
  obstacle({ id }: Where): string | null {
    const until = this.refused.get(id) ?? 0;
    return until > this.clock.now() ? `this computer has no keys for its destination: enter them with "holdfast destination set ${id}"` : null;
  }

  private async stored(id: string): Promise<z.infer<typeof storedSchema> | null> {
    const text = await this.secrets.get(secretName(id));
    if (text === null) return null;
    try {
      return storedSchema.parse(JSON.parse(text));
    } catch {
      throw new HoldfastError('permission-denied', `The keys kept for this destination cannot be read. Enter them again with "holdfast destination set ${id}".`);
    }
  }
}

const isRemote = (url: string): boolean => /^(s3|sftp|rest):/.test(url);
