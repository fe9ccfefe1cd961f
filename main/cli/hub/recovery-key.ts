/** The private half of an office's recovery key, in age-keygen's file format (https://age-encryption.org/v1): comments, and a line AGE-SECRET-KEY-1… */
import { open, readFile } from 'node:fs/promises';
import { HoldfastError } from '../../shared/errors.js';
import type { SealedForOwner } from '../../shared/protocol/recovery.js';

export interface RecoveryKey {
  readonly identity: string;
  readonly recipient: string;
}

/** X25519, which every age opens. */
export async function newRecoveryKey(): Promise<RecoveryKey> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

export const recoveryKeyText = ({ identity, recipient }: RecoveryKey, now: Date): string =>
  `# created: ${now.toISOString()}\n# Recovery key of a Holdfast hub. Whoever has it can open the backups of all its computers.\n# public key: ${recipient}\n${identity}\n`;

/** 0600; a file that is there is never replaced, for it may be a key. @throws HoldfastError `usage`, `permission-denied`. */
export async function writeRecoveryKey(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') throw new HoldfastError('usage', `${file} is there already, and may hold a key. Name another file.`, { cause });
    throw new HoldfastError('permission-denied', `${file} cannot be written (${cause instanceof Error ? cause.message : String(cause)}).`, { cause });
  }
}

/** @throws HoldfastError `usage` for a file without a key. The key itself is never quoted. */
export async function readRecoveryKeys(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new HoldfastError('usage', `The recovery key file ${file} cannot be read. Check its name and permissions.`, { cause });
  });
  const keys = text.split('\n').map((line) => line.trim()).filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (keys.length === 0) throw new HoldfastError('usage', `${file} holds no recovery key. It has a line that begins with AGE-SECRET-KEY-1.`);
  return keys;
}

/** @throws HoldfastError `wrong-password` when none of the keys opens it. */
export async function unseal({ agentName, destinationName, sealed }: SealedForOwner, identities: readonly string[]): Promise<string> {
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
    return await decrypter.decrypt(armor.decode(sealed), 'text');
  } catch (cause) {
    throw new HoldfastError('wrong-password', `This recovery key does not open the password of "${agentName}" for "${destinationName}". It was sealed to another key.`, { cause });
  }
}
