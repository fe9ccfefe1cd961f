/** Passwords of database servers: in this computer's secret store, by server, so that a job that names another server gets none of this one's. */
import type { SecretStore } from '../ports.js';

const secretName = (target: string): string => `source:${target}`;

export class SourcePasswords {
  constructor(private readonly secrets: SecretStore) {}

  /** @param target as `passwordTarget` makes it @returns null where none is known */
  get(target: string): Promise<string | null> {
    return this.secrets.get(secretName(target));
  }

  /** @param password null forgets it */
  async set(target: string, password: string | null): Promise<void> {
    if (password === null) await this.secrets.delete(secretName(target));
    else await this.secrets.set(secretName(target), password);
  }
}
