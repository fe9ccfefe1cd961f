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
