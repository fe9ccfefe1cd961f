/** Sizes as people write them: `500`, `50k`, `2.5G`; binary units, as restic reads them. */
import { HoldfastError } from '../../shared/errors.js';

const units = ['', 'k', 'm', 'g', 't'];

/** @returns bytes. @throws HoldfastError `usage`. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) throw new HoldfastError('usage', `"${text}" is not a size. Write it like 500M or 2G.`);
  return Math.floor(Number(match[1]) * 1024 ** units.indexOf((match[2] ?? '').toLowerCase()));
}
