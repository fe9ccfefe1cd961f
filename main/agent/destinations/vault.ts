/** Repository passwords: made here, kept in this computer's secret store, shown to its owner in a recovery kit, never sent to a hub. */
import { HoldfastError } from '../../shared/errors.js';
import type { Destination } from '../../shared/model.js';
import type { Engine, RepositoryAccess, SecretStore } from '../ports.js';

export interface VaultPorts {
  readonly secrets: SecretStore;
  readonly engine: Pick<Engine, 'prepare' | 'exists'>;
  /** From the agent's environment, for servers without a keychain; null when not given. */
  readonly givenPassword: string | null;
  randomInt(below: number): number;
  /** Where a destination is right now, and what its backend needs to get there. */
  place(destination: Destination): Promise<Omit<RepositoryAccess, 'password'>>;
}

const secretName = (destinationId: string): string => `repository:${destinationId}`;

export class Vault {
  constructor(private readonly ports: VaultPorts) {}

  /** @returns null when this computer knows no password for the destination. */
  async password(destinationId: string): Promise<string | null> {
    return (await this.ports.secrets.get(secretName(destinationId))) ?? this.ports.givenPassword;
  }

  /** A password that its owner gave is one that they have; no recovery kit is needed for it. */
  async isGiven(destinationId: string): Promise<boolean> {
    return this.ports.givenPassword !== null && (await this.ports.secrets.get(secretName(destinationId))) === null;
  }

  /**
   * Sees to it that a repository is there and that its password is known. The password is stored before the repository is
   * made, so that no repository can exist whose password was lost.
   * @param entered what a person typed for a repository that exists already; null to use the stored or a new one.
   * @param like what is to be copied into it: the copy opens with the same password, so that one recovery kit is for both.
   * @throws HoldfastError `password-missing` when there is a repository whose password nobody here knows; `wrong-password`.
   */
  async prepare(destination: Destination, entered: string | null, like?: RepositoryAccess): Promise<{ created: boolean }> {
    const known = await this.password(destination.id);
    const place = await this.ports.place(destination);
    if (await this.ports.engine.exists(place)) {
      const password = entered ?? known ?? like?.password ?? null;
      if (password === null) {
        throw new HoldfastError('password-missing', `There is a repository at ${place.url} already. Enter its password, or choose an empty folder.`);
      }
      const result = await this.ports.engine.prepare({ ...place, password }); // a wrong password must not replace the right one
      if (password !== known) await this.ports.secrets.set(secretName(destination.id), password);
      return result;
    }
    const password = entered ?? known ?? like?.password ?? newPassword(this.ports.randomInt);
    if (password !== known) await this.ports.secrets.set(secretName(destination.id), password);
    return this.ports.engine.prepare({ ...place, password }, like);
  }
}

/** No letter or digit that looks like another one: it may be typed from paper. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Eight groups of four out of 31 signs: 158 bits. @param randomInt a cryptographic source. */
export function newPassword(randomInt: (below: number) => number): string {
  const group = (): string => Array.from({ length: 4 }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
  return Array.from({ length: 8 }, group).join('-');
}
