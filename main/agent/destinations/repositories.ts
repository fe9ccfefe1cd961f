/** The repositories of this computer's jobs: where they are right now, and what opens them. */
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Destination } from '../../shared/model.js';
import { isHubStorage } from '../../shared/protocol/storage.js';
import type { Clock, Engine, RepositoryAccess } from '../ports.js';
import { DiskDestinations, isLocal, type DiskPorts } from './disks.js';
import { HubStoragePlace, type HubStoragePorts, type Place } from './hub-storage.js';
import { DestinationKeys } from './keys.js';
import { Vault, type VaultPorts } from './vault.js';

export interface RepositoriesPorts extends HubStoragePorts, Omit<VaultPorts, 'place' | 'engine'>, DiskPorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly engine: Pick<Engine, 'prepare' | 'exists'>;
}

export class Repositories {
  readonly hubStorage: HubStoragePlace;
  readonly keys: DestinationKeys;
  readonly disks: DiskDestinations;
  readonly vault: Vault;

  constructor(private readonly ports: RepositoriesPorts) {
    this.hubStorage = new HubStoragePlace(ports);
    this.keys = new DestinationKeys(ports.secrets, ports.clock);
    this.disks = new DiskDestinations(ports);
    this.vault = new Vault({
      secrets: ports.secrets, engine: this.engine(), givenPassword: ports.givenPassword,
      randomInt: (below) => ports.randomInt(below), place: (destination) => this.place(destination),
    });
  }

  /**
   * Makes the repository only where there has never been one: an unmounted disk leaves an empty folder behind.
   * @param used whether a backup stands there already, as far as this computer remembers
   * @param like the repository that is copied into this one
   * @throws HoldfastError `destination-missing` when it was there and is not any more; `password-missing`
   */
  async open(destination: Destination, used: boolean, like?: RepositoryAccess): Promise<RepositoryAccess> {
    const { exists, place } = await this.look(destination);
    const { url } = place;
    if (!exists) {
      if (used) throw new HoldfastError('destination-missing', `The repository at ${url} is not there any more. Attach its disk, or choose another destination for this job.`);
      await this.vault.prepare(destination, null, like);
    } else if (like !== undefined && (await this.vault.password(destination.id)) === null) {
      await this.vault.prepare(destination, null, like); // a copy that was begun before, or by another computer with the same password
    }
    const password = await this.vault.password(destination.id);
    if (password === null) {
      throw new HoldfastError('password-missing', `There is a repository at ${url} whose password this computer does not know. Enter the password, or choose an empty folder.`);
    }
    await this.disks.learn(destination);
    return { ...place, password };
  }

  /** What a person asks for: a repository at this place, also when the disk that was there before is another one. */
  async prepare(destination: Destination, password: string | null): Promise<{ created: boolean }> {
    await this.disks.forgetAway(destination);
    const result = await this.vault.prepare(destination, password);
    await this.disks.learn(destination);
    return result;
  }

  private async place(destination: Destination): Promise<Place> {
    if (isHubStorage(destination.url)) return this.hubStorage.of(destination.url);
    if (isLocal(destination.url)) return { url: await this.disks.find(destination) };
    return this.keys.place(destination);
  }

  /** No repository is made in the empty folder where a disk should be. */
  private engine(): Pick<Engine, 'prepare' | 'exists'> {
    const { engine } = this.ports;
    return {
      exists: (place) => engine.exists(place),
      prepare: async (access, like) => {
        if (isLocal(access.url)) await this.disks.check(access.url);
        return engine.prepare(access, like);
      },
    };
  }

  /** Credentials for hub storage that the hub does not accept any more, after its owner restored it from a copy for example, are replaced once. */
  private async look(destination: Destination): Promise<{ exists: boolean; place: Place }> {
    const { engine } = this.ports;
    const place = await this.place(destination);
    try {
      const exists = await engine.exists(place);
      this.keys.accepted(destination);
      return { exists, place };
    } catch (thrown) {
      if (!isHubStorage(destination.url)) throw await this.keys.explain(destination, thrown);
      if (asHoldfastError(thrown).code !== 'permission-denied') throw thrown;
      await this.hubStorage.renew();
      const fresh = await this.place(destination);
      return { exists: await engine.exists(fresh), place: fresh };
    }
  }
}
