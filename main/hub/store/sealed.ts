/**
 * Keeps what the hub must be able to read again (passwords of mail servers, addresses of webhooks) out of sight of whoever reads the
 * database or a copy of it: AES-256-GCM with a key from a file that only the hub's user may read. Several hubs on one database share it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HoldfastError } from '../../shared/errors.js';
import { writePrivateFile } from './private-files.js';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const version = 'v1.';

export class SecretBox {
  constructor(private readonly key: Buffer) {}

  /** @param place where it will lie: what was sealed for one place does not open in another. */
  seal(text: string, place: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${version}${sealed.toString('base64')}`;
  }

  /** @throws HoldfastError `settings-invalid` when it was sealed with another key, or is damaged. */
  open(sealed: string, place: string): string {
    try {
      if (!sealed.startsWith(version)) throw new Error('unknown version');
      const bytes = Buffer.from(sealed.slice(version.length), 'base64');
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, nonceBytes)).setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new HoldfastError('settings-invalid', 'This was sealed with the secret key of another hub. Give all hubs on one database the same key (--secret-key), or set it up anew.', { cause });
    }
  }
}

/** @param file base64 of 32 bytes; made at the first start. @throws HoldfastError `settings-invalid`, `permission-denied`. */
export async function openSecretBox(file: string): Promise<SecretBox> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) {
      throw new HoldfastError('permission-denied', `The hub's secret key ${file} cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`, { cause });
    }
    text = `${randomBytes(keyBytes).toString('base64')}\n`;
    await writePrivateFile(file, text);
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== keyBytes) throw new HoldfastError('settings-invalid', `${file} is not a secret key of a hub: it should hold 32 bytes as base64. Put a saved copy in its place.`);
  return new SecretBox(key);
}
