/** Secret stores of this computer. */
import type { SecretStore } from '../../agent/ports.js';
import type { Paths } from '../paths/paths.js';
import type { Settings } from '../settings/settings.js';
import { chooseSecretStore } from './choose.js';
import { openSecretFile } from './file.js';
import { openKeychain, type Keytar } from './keychain.js';
import { secretServiceState, type KeychainState } from './secret-service.js';

export interface SecretsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly paths: Paths;
  readonly settings: Settings;
  readonly say: (message: string) => void;
}

/** The store that this user's secrets are in. @throws HoldfastError `usage` for a wrong HOLDFAST_SECRETS. */
export function openSecrets({ env, paths, settings, say }: SecretsOptions): Promise<SecretStore> {
  const state = (): Promise<KeychainState> => (process.platform === 'darwin' ? Promise.resolve('open') : secretServiceState(env));
  return chooseSecretStore({
    env, settings, say,
    // A keychain that we cannot talk to is none: libsecret is missing on many servers.
    keychainState: () => loadKeytar().then(state, () => 'absent'),
    openKeychain: () => openKeychain({ loadKeytar, state, dataFolder: paths.override }),
    openFile: () => openSecretFile(paths.secretsFile),
  });
}

/** Native code: only loaded when a secret is asked for. */
async function loadKeytar(): Promise<Keytar> {
  const { default: keytar } = await import('keytar');
  return keytar;
}
