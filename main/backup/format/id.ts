/** IDs: SHA-256 sums as 64 lowercase hex digits. Everything in a repository is named by one. */
import { createHash } from 'node:crypto';

export type Id = string;

export const idBytes = 32;
const pattern = /^[0-9a-f]{64}$/;

export function isId(text: string): boolean {
  return pattern.test(text);
}

export function hashOf(bytes: Uint8Array): Id {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As restic shows ids to people. */
export function shortId(id: Id): string {
  return id.slice(0, 8);
}

export function bytesOf(id: Id): Buffer {
  return Buffer.from(id, 'hex');
}

export const nullId: Id = '0'.repeat(64);

const digits = new Uint8Array(256);
for (const digit of '0123456789abcdef') digits[digit.charCodeAt(0)] = Number.parseInt(digit, 16);

/** Puts 64 hexadecimal digits at `at` into 32 bytes. For authentic trees, which have nothing else there: what is no digit counts as 0. */
export function readHex(text: Uint8Array, at: number, into: Uint8Array): void {
  for (let i = 0; i < 32; i++) into[i] = (digits[text[at + 2 * i] ?? 0] ?? 0) << 4 | (digits[text[at + 2 * i + 1] ?? 0] ?? 0);
}
