/** Secrets in the operating system's keychain, through keytar. */
import type { SecretStore } from '../../agent/ports.js';
import { HoldfastError } from '../../shared/errors.js';
import { within } from '../time-limit.js';
import type { KeychainState } from './secret-service.js';

/** The name under which every entry is filed in the keychain. */
export const keychainService = 'Holdfast';
/** ms that the keychain has for one answer; an open password prompt makes it wait. */
const patience = 15_000;

/** The three functions of keytar that are used. Never `findCredentials`: it crashes the process when the keychain is locked. */
export interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

export interface KeychainPorts {
  /** Rejects where the native part cannot be loaded (no libsecret). */
  loadKeytar(): Promise<Keytar>;
  /** Always `open` on macOS, where the system itself asks. */
  state(): Promise<KeychainState>;
  /** Ends up in the name of every entry, so that several data folders do not share them; null for the usual folders. */
  readonly dataFolder: string | null;
  readonly patience?: number;
}

/** `agent-token`, or `agent-token in /srv/holdfast` where a data folder was named. */
export const accountName = (name: string, dataFolder: string | null): string => (dataFolder === null ? name : `${name} in ${dataFolder}`);

export const keychainDescription = process.platform === 'darwin' ? 'the macOS keychain' : "the desktop's keychain";

export function openKeychain(ports: KeychainPorts): SecretStore {
  const ask = async <T>(question: (keytar: Keytar) => Promise<T>): Promise<T> => {
    const keytar = await ports.loadKeytar().catch((cause: unknown) => { throw unavailable(cause); });
    const state = await ports.state();
    if (state === 'locked') throw locked();
    if (state === 'absent') throw unavailable();
    try {
      return await within(ports.patience ?? patience, question(keytar), locked);
    } catch (cause) {
      if (cause instanceof HoldfastError) throw cause;
      // It may have been locked, or gone away, in between.
      throw (await ports.state()) === 'locked' ? locked(cause) : unavailable(cause);
    }
  };
  const account = (name: string): string => accountName(name, ports.dataFolder);
  return {
    kind: 'keychain',
    description: keychainDescription,
    get: (name) => ask((keytar) => keytar.getPassword(keychainService, account(name))),
    set: (name, value) => ask((keytar) => keytar.setPassword(keychainService, account(name), value)),
    delete: (name) => ask(async (keytar) => { await keytar.deletePassword(keychainService, account(name)); }),
  };
}

const locked = (cause?: unknown): HoldfastError =>
  new HoldfastError('keychain-locked', 'The keychain of this computer is locked. Unlock it, for example by logging in with your password, and Holdfast goes on by itself.', { cause });

const unavailable = (cause?: unknown): HoldfastError =>
  new HoldfastError('keychain-unavailable', 'The keychain that holds the secrets of this computer does not answer. Start Holdfast in your desktop session, or set HOLDFAST_SECRETS=file to keep them in a file that only you can read.', { cause });
