/** Secrets of tokens. 40 letters and digits hold 238 bits, so that one SHA-256 protects them: there is nothing to guess. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const secretLength = 40;

/** 40 characters, each uniform. */
export function newSecret(): string {
  let secret = '';
  // Bytes from 248 on would favour the first letters; they are thrown away.
  while (secret.length < secretLength) {
    for (const byte of randomBytes(64)) if (byte < 248 && secret.length < secretLength) secret += alphabet[byte % alphabet.length];
  }
  return secret;
}

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** In constant time. */
export function secretMatches(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret), 'hex'), Buffer.from(hash, 'hex'));
}

/** A random id for jobs and runs, 32 characters. Hexadecimal, because one that begins with `-` is an option to every command. */
export const newId = (): string => randomBytes(16).toString('hex');
