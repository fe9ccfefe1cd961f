/** Which of the two secret stores this user has. Chosen once, at the first start, and then kept. */
import type { SecretStore } from '../../agent/ports.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Settings } from '../settings/settings.js';
import type { KeychainState } from './secret-service.js';

export interface SecretStorePorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly settings: Settings;
  /** Is a keychain here? One that is locked is. */
  keychainState(): Promise<KeychainState>;
  openKeychain(): SecretStore;
  openFile(): SecretStore;
  /** Something its owner should know. */
  say(message: string): void;
}

/**
 * HOLDFAST_SECRETS=keychain|file decides; otherwise what was chosen before; otherwise the keychain if one answers, else the file.
 * The first choice is written to the settings. A store that does not fit the earlier choice is opened only when it was ordered, and that is said.
 */
export async function chooseSecretStore({ env, settings, keychainState, openKeychain, openFile, say }: SecretStorePorts): Promise<SecretStore> {
  const ordered = env['HOLDFAST_SECRETS'] || null;
  if (ordered !== null && ordered !== 'keychain' && ordered !== 'file') {
    throw new HoldfastError('usage', `HOLDFAST_SECRETS is "${ordered}". It can be "keychain" or "file".`);
  }
  const before = settings.read().secrets;
  const kind = ordered ?? before ?? ((await keychainState()) === 'absent' ? 'file' : 'keychain');
  const store = kind === 'keychain' ? openKeychain() : openFile();
  if (before === null) {
    await settings.update({ secrets: kind });
    if (kind === 'file') say(`There is no keychain here: passwords and tokens are kept in ${store.description}`);
  } else if (before !== kind) {
    const other = before === 'keychain' ? 'the keychain' : openFile().description;
    say(`HOLDFAST_SECRETS orders ${store.description}; what was stored before is in ${other} and is not looked for there`);
  }
  return store;
}
