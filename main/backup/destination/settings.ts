/** The settings that a destination's backend knows, for whoever asks a person for them. */
import { HoldfastError } from '../../shared/errors.js';

export interface SettingQuestion {
  readonly name: string;
  readonly label: string;
}

/** What to ask a person at a terminal, by the kind of address; an empty answer leaves a setting out. */
const questions: Readonly<Record<string, readonly SettingQuestion[]>> = {
  s3: [{ name: 'access-key-id', label: 'Access key' }, { name: 'secret-access-key', label: 'Secret key' }],
  sftp: [
    { name: 'private-key-file', label: 'Private key file (empty: the usual ones)' }, { name: 'passphrase', label: 'Passphrase of the key (empty: none)' },
    { name: 'password', label: 'Password (empty: none)' }, { name: 'host-key', label: 'Fingerprint of the server, SHA256:… (empty: as in known_hosts)' },
  ],
  rest: [{ name: 'user', label: 'User name' }, { name: 'password', label: 'Password' }],
};

/** @throws HoldfastError `usage` for a folder, which needs no keys. */
export function settingQuestions(url: string): readonly SettingQuestion[] {
  const found = questions[/^([a-z0-9]+):/.exec(url)?.[1] ?? ''];
  if (found === undefined) throw new HoldfastError('usage', `${url} needs no keys. Only s3:, sftp: and rest: destinations do.`);
  return found;
}

/**
 * Lines of `name=value`; empty ones and those that begin with # do not count.
 * @throws HoldfastError `usage` naming the line; its text is never quoted, since it may be a secret
 */
export function parseSettings(text: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([a-z0-9-]+)\s*=\s*(.*)$/.exec(line);
    if (match?.[1] === undefined) throw new HoldfastError('usage', `Line ${at + 1} is not a setting. Write one on each line, like access-key-id=NAME.`);
    settings[match[1]] = match[2] ?? '';
  }
  return settings;
}
