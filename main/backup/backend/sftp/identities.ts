/** With what to log in: the settings' key, ssh's agent, the key files of the ssh configuration, a password; in this order. */
import { join } from 'node:path';
import type * as Ssh from 'ssh2';
import type { AnyAuthMethod } from 'ssh2';
import { HoldfastError } from '../../../shared/errors.js';
import { existsSync, readFileSync } from './files.js';
import type { HostSettings } from './ssh-config.js';

export interface Credentials {
  /** Text of a private key. */
  readonly privateKey?: string | undefined;
  readonly privateKeyFile?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly password?: string | undefined;
  /** A socket; default SSH_AUTH_SOCK. */
  readonly agent?: string | undefined;
}

const defaultKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

export interface Identities {
  readonly methods: AnyAuthMethod[];
  /** Keys that could not be used, for the sentence when nothing else works. */
  readonly locked: string[];
}

/** @throws `usage` for a key of the settings that cannot be read */
export function identities(ssh: Pick<typeof Ssh, 'utils'>, host: HostSettings, given: Credentials, home: string, env: NodeJS.ProcessEnv): Identities {
  const methods: AnyAuthMethod[] = [];
  const locked: string[] = [];
  const username = host.user;
  const addKey = (text: string, name: string, required: boolean): void => {
    const key = ssh.utils.parseKey(text, given.passphrase);
    if (!(key instanceof Error)) {
      methods.push({ type: 'publickey', username, key });
      return;
    }
    const isLocked = /passphrase|decrypt|integrity|bad key/i.test(key.message);
    if (required) {
      throw new HoldfastError('usage', isLocked
        ? `The private key ${name} is protected by a passphrase${given.passphrase === undefined ? '. Give it' : ', and it is another one. Correct it'} in the destination's settings.`
        : `The private key ${name} cannot be read. Give one that ssh-keygen has made, in OpenSSH or PEM form.`);
    }
    if (isLocked) locked.push(name);
  };

  if (given.privateKey !== undefined) addKey(given.privateKey, 'of this destination', true);
  if (given.privateKeyFile !== undefined) {
    const file = given.privateKeyFile.replace(/^~(?=\/)/, home);
    if (!existsSync(file)) throw new HoldfastError('usage', `There is no private key at ${file}. Check the path.`);
    addKey(readFileSync(file), file, true);
  }
  const isChosen = methods.length > 0;
  const agent = given.agent ?? (host.identityAgent === null ? undefined : host.identityAgent ?? env['SSH_AUTH_SOCK']);
  if (agent !== undefined && agent !== '' && !(host.identitiesOnly && isChosen)) methods.push({ type: 'agent', username, agent });
  if (!isChosen) {
    const files = host.identityFiles.length > 0 ? host.identityFiles : defaultKeys.map((name) => join(home, '.ssh', name));
    for (const file of files.filter(existsSync)) addKey(readFileSync(file), file, false);
  }
  if (given.password !== undefined) {
    const { password } = given;
    methods.push({ type: 'password', username, password });
    // many NAS ask for the password as a question
    methods.push({ type: 'keyboard-interactive', username, prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)) });
  }
  return { methods, locked };
}
