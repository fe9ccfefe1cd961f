/** Finds data that will not compress (media, archives, encrypted files) by trying a small part of it. */
import type { Zstd } from './zstd.js';

const probeBytes = 16 * 1024;
/** Smaller blobs are simply compressed: a probe would cost as much. */
const worthProbing = 256 * 1024;
const hopeless = 0.98;

/** True when neither the first nor a middle part of the blob gets smaller by 2%. */
export function looksIncompressible(bytes: Uint8Array, zstd: Zstd): boolean {
  if (bytes.length < worthProbing) return false;
  for (const at of [Math.floor(bytes.length * 0.6), Math.floor(bytes.length * 0.1)]) {
    if (zstd.compress(bytes.subarray(at, at + probeBytes)).length < probeBytes * hopeless) return false;
  }
  return true;
}
