/**
 * How hard zstd tries, as its own parameters (facts: zstd.h, ZSTD_cParameter). Most time goes into large blobs, and there
 * into waiting for memory: a table of matches that stays in the processor's nearest cache makes them twice as fast as
 * level 3 and 3 to 4% larger, which keeps a repository within 3% of restic's.
 */
import type { CompressionMode } from '../types.js';

/** Parameter and value. */
export type Parameters = readonly (readonly [number, number])[];

export interface Tuning {
  /** A level whose working memory is enough for all of these. */
  readonly needs: number;
  readonly small: Parameters;
  readonly large: Parameters;
}

const level = 100; // ZSTD_c_compressionLevel
const hashLog = 102; // ZSTD_c_hashLog
const minMatch = 105; // ZSTD_c_minMatch
const strategy = 107; // ZSTD_c_strategy
const fast = 1;

/** Blobs from this size on count as large. */
const largeFrom = 512 * 1024;

const quick = (shortest: number): Parameters => [[level, 2], [strategy, fast], [hashLog, 15], [minMatch, shortest]];
const plain = (value: number): Tuning => ({ needs: value, small: [[level, value]], large: [[level, value]] });

/** For restic's words of compression. */
export const tunings: Readonly<Record<Exclude<CompressionMode, 'off'>, Tuning>> = {
  fastest: plain(1), auto: { needs: 3, small: quick(5), large: quick(6) }, max: plain(11),
};

export function parametersFor(tuning: Tuning, length: number): Parameters {
  return length < largeFrom ? tuning.small : tuning.large;
}
