/**
 * Poly1305 (RFC 8439, 2.5) over bytes in this module's memory: five limbs of 26 bits, products in 64 bits.
 * The one-time key is r followed by s; for restic's Poly1305-AES, s is AES-128(k, nonce).
 */
const key: usize = memory.data(32, 16);
const tag: usize = memory.data(16, 16);
const state: usize = memory.data(40, 16);

/** Where the caller writes the 32-byte key. */
export function keyAddress(): usize { return key; }
/** Where the 16-byte tag is found afterwards. */
export function tagAddress(): usize { return tag; }

/** Starts a new message. The key must be in place. */
export function begin(): void {
  memory.fill(state, 0, 40);
}

/** Takes the next piece of the message. Every piece but the last is a multiple of 16 bytes long. */
export function update(from: usize, length: usize): void {
  const t0: u64 = load<u32>(key), t1: u64 = load<u32>(key + 4), t2: u64 = load<u32>(key + 8), t3: u64 = load<u32>(key + 12);
  // clamp, as the RFC says, while cutting into limbs
  const r0: u64 = t0 & 0x3ffffff;
  const r1: u64 = ((t0 >> 26) | (t1 << 6)) & 0x3ffff03;
  const r2: u64 = ((t1 >> 20) | (t2 << 12)) & 0x3ffc0ff;
  const r3: u64 = ((t2 >> 14) | (t3 << 18)) & 0x3f03fff;
  const r4: u64 = (t3 >> 8) & 0x00fffff;
  const s1 = r1 * 5, s2 = r2 * 5, s3 = r3 * 5, s4 = r4 * 5;
  let h0 = load<u64>(state), h1 = load<u64>(state + 8), h2 = load<u64>(state + 16), h3 = load<u64>(state + 24), h4 = load<u64>(state + 32);
  let high: u64 = 1 << 24;
  let at = from;
  let left = length;
  const last: usize = memory.data(16, 16);

  while (left > 0) {
    let block = at;
    if (left < 16) {
      store<u64>(last, 0);
      store<u64>(last, 0, 8);
      memory.copy(last, at, left);
      store<u8>(last + left, 1);
      block = last;
      high = 0;
      left = 16;
    }
    const lo = load<u64>(block), hi = load<u64>(block, 8);
    h0 += lo & 0x3ffffff;
    h1 += (lo >> 26) & 0x3ffffff;
    h2 += ((lo >> 52) | (hi << 12)) & 0x3ffffff;
    h3 += (hi >> 14) & 0x3ffffff;
    h4 += (hi >> 40) | high;

    const d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1;
    let d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2;
    let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3;
    let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4;
    let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0;

    d1 += d0 >> 26; h0 = d0 & 0x3ffffff;
    d2 += d1 >> 26; h1 = d1 & 0x3ffffff;
    d3 += d2 >> 26; h2 = d2 & 0x3ffffff;
    d4 += d3 >> 26; h3 = d3 & 0x3ffffff;
    h0 += (d4 >> 26) * 5; h4 = d4 & 0x3ffffff;
    h1 += h0 >> 26; h0 &= 0x3ffffff;

    at += 16;
    left -= 16;
  }

  store<u64>(state, h0);
  store<u64>(state + 8, h1);
  store<u64>(state + 16, h2);
  store<u64>(state + 24, h3);
  store<u64>(state + 32, h4);
}

/** Ends the message: the tag is ready. */
export function finish(): void {
  let h0 = load<u64>(state), h1 = load<u64>(state + 8), h2 = load<u64>(state + 16), h3 = load<u64>(state + 24), h4 = load<u64>(state + 32);
  // carry fully, then subtract p = 2^130 - 5 once if h >= p
  let c = h1 >> 26; h1 &= 0x3ffffff;
  h2 += c; c = h2 >> 26; h2 &= 0x3ffffff;
  h3 += c; c = h3 >> 26; h3 &= 0x3ffffff;
  h4 += c; c = h4 >> 26; h4 &= 0x3ffffff;
  h0 += c * 5; c = h0 >> 26; h0 &= 0x3ffffff;
  h1 += c;

  let g0 = h0 + 5; c = g0 >> 26; g0 &= 0x3ffffff;
  let g1 = h1 + c; c = g1 >> 26; g1 &= 0x3ffffff;
  let g2 = h2 + c; c = g2 >> 26; g2 &= 0x3ffffff;
  let g3 = h3 + c; c = g3 >> 26; g3 &= 0x3ffffff;
  const g4 = h4 + c - (1 << 26);
  const keep: u64 = (g4 >> 63) - 1; // all ones when h >= p
  h0 = (h0 & ~keep) | (g0 & keep);
  h1 = (h1 & ~keep) | (g1 & keep);
  h2 = (h2 & ~keep) | (g2 & keep);
  h3 = (h3 & ~keep) | (g3 & keep);
  h4 = (h4 & ~keep) | (g4 & keep);

  // h + s mod 2^128
  let f = ((h0 | (h1 << 26)) & 0xffffffff) + <u64>load<u32>(key + 16);
  store<u32>(tag, <u32>f);
  f = (((h1 >> 6) | (h2 << 20)) & 0xffffffff) + <u64>load<u32>(key + 20) + (f >> 32);
  store<u32>(tag + 4, <u32>f);
  f = (((h2 >> 12) | (h3 << 14)) & 0xffffffff) + <u64>load<u32>(key + 24) + (f >> 32);
  store<u32>(tag + 8, <u32>f);
  f = (((h3 >> 18) | (h4 << 8)) & 0xffffffff) + <u64>load<u32>(key + 28) + (f >> 32);
  store<u32>(tag + 12, <u32>f);
}
