/** Which packs `check --read-data-subset` reads, in restic's words: `n/t`, `x%` or a size. */
import { randomInt } from 'node:crypto';
import { HoldfastError } from '../../shared/errors.js';
import { quotedText } from '../../shared/text.js';
import type { PackState } from './checker.js';

const units: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

function shuffled<T>(list: readonly T[]): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    const a = out[i];
    const b = out[j];
    if (a !== undefined && b !== undefined) { out[i] = b; out[j] = a; }
  }
  return out;
}

/** @throws `usage` */
export function chooseSubset(packs: readonly PackState[], subset: string): PackState[] {
  const part = /^(\d+)\/(\d+)$/.exec(subset);
  if (part) {
    const n = Number(part[1]);
    const t = Number(part[2]);
    if (n < 1 || t < 1 || n > t || t > 256) throw new HoldfastError('usage', `${quotedText(subset)} is not a part. Write n/t with n from 1 to t, and t at most 256.`);
    return packs.filter((pack) => parseInt(pack.id.slice(0, 2), 16) % t === n - 1);
  }
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(subset);
  const size = /^(\d+)([kKmMgGtT]?)$/.exec(subset);
  if (percent) {
    const share = Number(percent[1]) / 100;
    if (share <= 0 || share > 1) throw new HoldfastError('usage', `${quotedText(subset)} is not between 0% and 100%.`);
    return shuffled(packs).slice(0, Math.max(1, Math.round(packs.length * share)));
  }
  if (size) {
    let left = Number(size[1]) * (units[(size[2] ?? '').toLowerCase()] ?? 1);
    return shuffled(packs).filter((pack, i) => {
      const take = i === 0 || left > 0;
      left -= pack.size;
      return take;
    });
  }
  throw new HoldfastError('usage', `${quotedText(subset)} is not a subset. Write 1/5, 10% or 500M.`);
}
