/** Decides what prune does with each pack (facts: restic internal/repository/prune.go). Pure. */
import { HoldfastError } from '../../shared/errors.js';
import { quotedText } from '../../shared/text.js';
import type { Id } from '../format/id.js';
import { overhead } from '../format/crypto.js';
import { entryBytes, lengthFieldBytes } from '../format/pack-header.js';
import type { BlobIndex } from '../index/blob-index.js';
import type { PruneOptions } from '../types.js';

export interface PrunePlan {
  readonly repack: Id[];
  readonly remove: Id[];
  /** Packs that no index names. */
  readonly unindexed: Id[];
  /** Packs that an index names, that are gone, and that nothing needs. */
  readonly forgotten: Id[];
  /** One byte per entry: 1 for the copy of each used blob that stays or is repacked. */
  readonly keep: Uint8Array;
  readonly stats: { used: number; unused: number; duplicate: number; usedBytes: number; unusedBytes: number; repackBytes: number; freedBytes: number; kept: number };
}

interface PackInfo { used: number; unused: number; usedBytes: number; unusedBytes: number; type: 'data' | 'tree' | 'mixed' | null; uncompressed: boolean; blobs: number }

const units: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** `5%`, `200M`, `unlimited` as bytes. @throws `usage` */
export function unusedLimit(text: string, usedBytes: number): number {
  if (text === 'unlimited') return Infinity;
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (percent) {
    const share = Number(percent[1]) / 100;
    return share >= 1 ? Infinity : (share / (1 - share)) * usedBytes;
  }
  return parseSize(text);
}

export function parseSize(text: string): number {
  const size = /^(\d+)([kmgt]?)b?$/i.exec(text);
  if (!size) throw new HoldfastError('usage', `${quotedText(text)} is not a size. Write it like 200M.`);
  return Number(size[1]) * (units[(size[2] ?? '').toLowerCase()] ?? 1);
}

/** One copy of each used blob is chosen; copies in packs with other used blobs come first, so that packs empty out. */
function chooseCopies(index: BlobIndex, marks: Uint8Array): { keep: Uint8Array; duplicates: number } {
  const keep = new Uint8Array(index.size);
  const usedOf = new Map<Id, number>();
  const several: number[] = [];
  let duplicates = 0;
  for (let entry = 0; entry < index.size; entry++) {
    if (marks[entry] !== 1) continue;
    const { type, id, pack } = index.at(entry);
    if (index.findAll(type, id).length > 1) several.push(entry);
    else {
      keep[entry] = 1;
      usedOf.set(pack, (usedOf.get(pack) ?? 0) + 1);
    }
  }
  for (const first of several) {
    const { type, id } = index.at(first);
    const places = index.entriesOf(type, id);
    duplicates += places.length - 1;
    const best = places.reduce((a, b) => ((usedOf.get(index.at(b).pack) ?? 0) > (usedOf.get(index.at(a).pack) ?? 0) ? b : a));
    keep[best] = 1;
    const { pack } = index.at(best);
    usedOf.set(pack, (usedOf.get(pack) ?? 0) + 1);
  }
  return { keep, duplicates };
}

function packInfos(index: BlobIndex, keep: Uint8Array): Map<Id, PackInfo> {
  const infos = new Map<Id, PackInfo>();
  for (let entry = 0; entry < index.size; entry++) {
    const blob = index.at(entry);
    let info = infos.get(blob.pack);
    if (!info) infos.set(blob.pack, info = { used: 0, unused: 0, usedBytes: overhead + lengthFieldBytes, unusedBytes: 0, type: null, uncompressed: false, blobs: 0 });
    info.blobs++;
    info.usedBytes += entryBytes(blob);
    info.type = info.type === null || info.type === blob.type ? blob.type : 'mixed';
    if (blob.uncompressedLength === 0) info.uncompressed = true;
    if (keep[entry] === 1) {
      info.used++;
      info.usedBytes += blob.length;
    } else {
      info.unused++;
      info.unusedBytes += blob.length;
    }
  }
  return infos;
}

const tooFewSmall = 10;

/**
 * @param sizes all packs in the repository
 * @throws `repository-damaged` when a pack that is needed is missing or has the wrong size
 */
export function planPrune(index: BlobIndex, marks: Uint8Array, sizes: ReadonlyMap<Id, number>, version: 1 | 2, packSize: number, options: PruneOptions): PrunePlan {
  const { keep, duplicates } = chooseCopies(index, marks);
  const infos = packInfos(index, keep);
  const unindexed = [...sizes.keys()].filter((id) => !infos.has(id));
  const remove: Id[] = [];
  const forgotten: Id[] = [];
  const candidates: { id: Id; info: PackInfo; must: boolean; small: boolean }[] = [];
  const small: typeof candidates = [];
  const stats = { used: 0, unused: 0, duplicate: duplicates, usedBytes: 0, unusedBytes: 0, repackBytes: 0, freedBytes: 0, kept: 0 };
  for (const id of unindexed) stats.freedBytes += sizes.get(id) ?? 0;

  for (const [id, info] of infos) {
    stats.used += info.used;
    stats.unused += info.unused;
    const size = sizes.get(id);
    if (info.used > 0 && size !== info.usedBytes + info.unusedBytes) {
      throw new HoldfastError('repository-damaged', size === undefined
        ? `Pack ${id.slice(0, 8)} is needed and missing. Nothing was removed. Run check, then repair index.`
        : `Pack ${id.slice(0, 8)} has ${size} bytes and should have ${info.usedBytes + info.unusedBytes}. Nothing was removed. Run repair index.`);
    }
    if (info.used === 0) {
      (size === undefined ? forgotten : remove).push(id);
      stats.freedBytes += size ?? 0;
      continue;
    }
    stats.usedBytes += info.usedBytes;
    stats.unusedBytes += info.unusedBytes;
    const must = version === 2 && info.uncompressed && (info.type === 'tree' || options.repackUncompressed === true);
    const isSmall = info.usedBytes + info.unusedBytes < packSize * 0.8;
    if (options.repackCacheableOnly && info.type === 'data') stats.kept++;
    else if (info.unused === 0 && info.type !== 'mixed' && !must) {
      if (isSmall && options.repackSmall !== false) small.push({ id, info, must, small: true });
      else stats.kept++;
    } else candidates.push({ id, info, must, small: isSmall });
  }
  if (small.length >= tooFewSmall) candidates.push(...small);
  else stats.kept += small.length;

  const rank = (c: typeof candidates[number]): number => (c.info.type !== 'data' ? 2 : c.small ? 1 : 0);
  candidates.sort((a, b) => rank(b) - rank(a) || b.info.unusedBytes * a.info.usedBytes - a.info.unusedBytes * b.info.usedBytes);
  const mostUnused = unusedLimit(options.maxUnused ?? '5%', stats.usedBytes);
  const mostRepack = options.maxRepackSize === undefined ? Infinity : parseSize(options.maxRepackSize);
  const repack: Id[] = [];
  let unusedLeft = stats.unusedBytes;
  for (const { id, info, must, small: isSmall } of candidates) {
    const size = info.usedBytes + info.unusedBytes;
    const enough = info.type === 'data' && !must && !isSmall && unusedLeft <= mostUnused;
    if (stats.repackBytes + size > mostRepack || enough) {
      stats.kept++;
      continue;
    }
    repack.push(id);
    stats.repackBytes += size;
    stats.freedBytes += info.unusedBytes;
    unusedLeft -= info.unusedBytes;
  }
  return { repack, remove, unindexed, forgotten, keep, stats };
}
