/**
 * Content-defined chunking: Rabin fingerprints over a sliding window of 64 bytes (facts: restic/chunker, chunker.go).
 *
 * The fingerprint at a position depends on the last 64 bytes only, so the search can start anywhere. Two stretches
 * are searched side by side: each step waits for a table look-up, and the other lane fills the wait.
 *
 * With U(d) = (d << 8) ^ mod[d >> shift] the original step U(d ^ out[old]) ^ new equals U(d) ^ U(out[old]) ^ new, because
 * U is linear. U(out[old]) is a table of its own, which takes one operation out of the chain.
 */
const window: usize = 64;
const modTable: usize = memory.data(2048, 16);
const outTable: usize = memory.data(2048, 16);
let shift: u64 = 45;

function degree(x: u64): i32 {
  return 63 - <i32>clz(x);
}

function remainder(value: u64, polynomial: u64): u64 {
  const d = degree(polynomial);
  while (value != 0) {
    const n = degree(value) - d;
    if (n < 0) break;
    value ^= polynomial << n;
  }
  return value;
}

/** Makes the tables for one polynomial of degree 9 to 53. */
export function prepare(polynomial: u64): void {
  const k = degree(polynomial);
  shift = k - 8;
  for (let b: u64 = 0; b < 256; b++) {
    store<u64>(modTable + (<usize>b << 3), remainder(b << k, polynomial) | (b << k));
  }
  for (let b: u64 = 0; b < 256; b++) {
    let h = remainder(b, polynomial);
    for (let i: usize = 0; i < window - 1; i++) h = remainder(h << 8, polynomial);
    store<u64>(outTable + (<usize>b << 3), (h << 8) ^ load<u64>(modTable + (<usize>(h >> shift) << 3)));
  }
}

// @ts-ignore: decorator
@inline
function step(digest: u64, at: usize): u64 {
  return (digest << 8) ^ load<u64>(modTable + (<usize>(digest >> shift) << 3))
    ^ load<u64>(outTable + (<usize>load<u8>(at - window) << 3)) ^ <u64>load<u8>(at);
}

/** The fingerprint of the 64 bytes that end before `end`. */
function fingerprint(end: usize): u64 {
  let digest: u64 = 0;
  for (let at = end - window; at < end; at++) {
    digest = (digest << 8) ^ load<u64>(modTable + (<usize>(digest >> shift) << 3)) ^ <u64>load<u8>(at);
  }
  return digest;
}

/**
 * The first position in [from, to] before which the data may be cut, that is, where the fingerprint of the 64 bytes
 * before it has its lowest `bits` bits zero. Returns 0 when there is none. At least 64 bytes must lie before `from`.
 */
export function search(from: usize, to: usize, bits: u64): usize {
  const mask: u64 = (1 << bits) - 1;
  const lane: usize = 16384;
  if ((fingerprint(from) & mask) == 0) return from;
  while (from < to) {
    if (to - from < 2 * lane) {
      let digest = fingerprint(from);
      for (let at = from; at < to; at++) {
        digest = step(digest, at);
        if ((digest & mask) == 0) return at + 1;
      }
      return 0;
    }
    let first = fingerprint(from);
    let second = fingerprint(from + lane);
    let foundSecond: usize = 0;
    const end = from + lane;
    for (let at = from; at < end; at++) {
      first = step(first, at);
      second = step(second, at + lane);
      if ((first & mask) == 0) return at + 1;
      if ((second & mask) == 0 && foundSecond == 0) foundSecond = at + lane + 1;
    }
    if (foundSecond != 0) return foundSecond;
    from += 2 * lane;
  }
  return 0;
}
