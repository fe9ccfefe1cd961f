/**
 * Chunk boundaries for 1,000 polynomials, against the definition itself: a cut lies behind the first byte, at least 512 KiB
 * into the chunk, where the last 64 bytes, taken as a polynomial over GF(2), leave a rest whose low 20 bits are zero;
 * or behind 8 MiB (facts: restic/chunker, chunker.go).
 */
import { createCipheriv, createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FileChunker, StreamChunker, maxChunk, minChunk } from '../../../main/backup/chunker/file-chunker.js';
import { isIrreducible } from '../../../main/backup/format/polynomial.js';
import { Kernel } from '../../../main/backup/wasm/kernel.js';

const degree = 53;
const highMask = 2 ** (degree - 32) - 1;
/** One polynomial that is irreducible; it makes a field of 2^53 elements. */
const known = 0x3da3358b4dc173n;

/** Bytes without end that are the same for the same seed. */
function noise(length: number, seed: string): Buffer {
  return createCipheriv('aes-128-ctr', createHash('md5').update(seed).digest(), Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Times x, modulo the polynomial. */
function doubled(high: number, low: number, p: { high: number; low: number }): [number, number] {
  const carried = (high & (1 << (degree - 33))) !== 0;
  const h = ((high << 1) | (low >>> 31)) & highMask;
  const l = low << 1;
  return carried ? [h ^ p.high, l ^ p.low] : [h, l];
}

/** The lengths of all chunks, worked out from the definition with nothing but shifts and sums, one byte at a time. */
function cutsOf(data: Buffer, polynomial: bigint): number[] {
  const p = { high: Number((polynomial >> 32n) & BigInt(highMask)), low: Number(polynomial & 0xffffffffn) | 0 };
  /** b * x^n for all bytes b. */
  const timesPower = (n: number): { high: Int32Array; low: Int32Array } => {
    const table = { high: new Int32Array(256), low: new Int32Array(256) };
    for (let b = 1; b < 256; b++) {
      const rest = b & (b - 1); // all but the lowest bit: sums of bits are sums of their multiples
      let [high, low] = [0, b ^ rest];
      if (rest !== 0) [high, low] = [(table.high[rest] ?? 0) ^ (table.high[b ^ rest] ?? 0), (table.low[rest] ?? 0) ^ (table.low[b ^ rest] ?? 0)];
      else for (let i = 0; i < n; i++) [high, low] = doubled(high, low, p);
      table.high[b] = high;
      table.low[b] = low;
    }
    return table;
  };
  const leaving = timesPower(8 * 63);
  const carried = timesPower(degree);
  const lengths: number[] = [];
  for (let start = 0; start < data.length;) {
    let high = 0;
    let low = 0;
    let end = Math.min(start + maxChunk, data.length);
    for (let at = start + minChunk - 64; at < end; at++) {
      if (at >= start + minChunk) {
        const old = data[at - 64] ?? 0;
        high ^= leaving.high[old] ?? 0;
        low ^= leaving.low[old] ?? 0;
      }
      const top = high >>> (degree - 40);
      high = (((high << 8) | (low >>> 24)) & highMask) ^ (carried.high[top] ?? 0);
      low = ((low << 8) | (data[at] ?? 0)) ^ (carried.low[top] ?? 0);
      if ((low & 0xfffff) === 0 && at + 1 >= start + minChunk) end = at + 1;
    }
    lengths.push(end - start);
    start = end;
  }
  return lengths;
}

function product(a: bigint, b: bigint): bigint {
  let result = 0n;
  for (let bit = b.toString(2), i = 0; i < bit.length; i++) {
    result <<= 1n;
    if ((result >> BigInt(degree)) & 1n) result ^= known;
    if (bit[i] === '1') result ^= a;
  }
  return result;
}

/**
 * The minimal polynomial of an element: irreducible, and of degree 53 because 53 is prime. Found from the sequence of a
 * bit of its powers by Berlekamp and Massey's algorithm, so that it owes nothing to the product's own test.
 */
function minimalPolynomial(element: bigint): bigint {
  const bits: number[] = [];
  for (let power = 1n, i = 0; i < 2 * degree; i++, power = product(power, element)) bits.push(Number(power & 1n));
  let c = 1n;
  let b = 1n;
  let length = 0;
  let shift = 1n;
  for (let n = 0; n < bits.length; n++) {
    let differs = bits[n] ?? 0;
    for (let i = 1; i <= length; i++) differs ^= Number((c >> BigInt(i)) & 1n) & (bits[n - i] ?? 0);
    if (differs === 0) {
      shift++;
      continue;
    }
    const before = c;
    c ^= b << shift;
    if (2 * length <= n) {
      length = n + 1 - length;
      b = before;
      shift = 1n;
    } else shift++;
  }
  let reversed = 0n;
  for (let i = 0; i <= length; i++) if ((c >> BigInt(i)) & 1n) reversed |= 1n << BigInt(length - i);
  return reversed;
}

const kinds = ['noise', 'text', 'periodic', 'islands', 'constant'] as const;

function input(round: number): Buffer {
  const seed = noise(16, `size ${round}`);
  const kind = kinds[round % 10 < 6 ? 0 : round % 10 - 5] ?? 'noise';
  const length = round % 50 === 3 ? seed.readUInt32LE(0) % (10 * 1024 * 1024) : round % 10 === 4 ? seed.readUInt32LE(0) % (minChunk + 200) : minChunk + seed.readUInt32LE(0) % 1_000_000;
  const data = noise(length, `content ${round}`);
  switch (kind) {
    case 'noise': break;
    case 'text': for (let i = 0; i < length; i++) data[i] = 97 + ((data[i] ?? 0) & 15); break;
    case 'periodic': for (let i = 0, period = 1 + (seed[4] ?? 0); i < length; i++) data[i] = data[i % period] ?? 0; break;
    case 'islands': for (let i = 0; i < length; i++) if ((i >> 12) % 7 !== 0) data[i] = 0; break;
    case 'constant': data.fill(seed[5] ?? 0); break;
  }
  return data;
}

const kernel = new Kernel();
const spare = new FileChunker(kernel, known);

function fileCuts(chunker: FileChunker, data: Buffer, step: number): number[] {
  const lengths: number[] = [];
  let at = 0;
  let whole = true;
  let done = 0;
  chunker.chunk((view) => { const n = data.copy(view, 0, at, Math.min(data.length, at + step)); at += n; return n; }, data.length, (chunk) => {
    whole &&= chunk.equals(data.subarray(done, done + chunk.length));
    done += chunk.length;
    lengths.push(chunk.length);
  });
  expect(whole).toBe(true);
  return lengths;
}

describe('chunk boundaries', () => {
  test('1,000 inputs, each with a polynomial of its own', { timeout: 600_000 }, () => {
    const seen = new Set<bigint>();
    let cuts = 0;
    for (let round = 0; round < 1000; round++) {
      const polynomial = minimalPolynomial(noise(8, `element ${round}`).readBigUInt64LE() >> 11n);
      expect(polynomial >> BigInt(degree)).toBe(1n);
      if (round % 40 === 0) expect(isIrreducible(polynomial)).toBe(true);
      seen.add(polynomial);
      const data = input(round);
      const expected = cutsOf(data, polynomial);
      kernel.prepareChunker(polynomial);
      const found = fileCuts(spare, data, round % 3 === 0 ? 100_003 : Infinity);
      if (found.join() !== expected.join()) expect([round, found]).toEqual([round, expected]);
      cuts += expected.length - 1;
    }
    expect(seen.size).toBe(1000);
    expect(cuts).toBeGreaterThan(300);
  });

  test('the same for a stream in pieces of any size, and for the cuts of a huge file', { timeout: 120_000 }, () => {
    for (let round = 0; round < 12; round++) {
      const polynomial = minimalPolynomial(noise(8, `element ${round}`).readBigUInt64LE() >> 11n);
      const data = noise(4_000_000 + round * 300_001, `stream ${round}`);
      const expected = cutsOf(data, polynomial);
      const stream = new StreamChunker(new Kernel(), polynomial);
      const lengths: number[] = [];
      for (let at = 0, step = 1; at < data.length; at += step, step = (step * 7919) % 700_001 + 1) for (const chunk of stream.push(data.subarray(at, at + step))) lengths.push(chunk.length);
      const rest = stream.finish();
      if (rest) lengths.push(rest.length);
      expect(lengths).toEqual(expected);
      const huge: number[] = [];
      const chunker = new FileChunker(new Kernel(), polynomial);
      for (let from = 0, ended = false; !ended;) {
        let at = from;
        const part = chunker.lengths((view) => { const n = data.copy(view, 0, at); at += n; return n; }, 2_000_000);
        huge.push(...part.lengths);
        from += part.lengths.reduce((a, b) => a + b, 0);
        ({ ended } = part);
      }
      expect(huge).toEqual(expected);
    }
  });
});

test('a product of two polynomials is not taken for irreducible', () => {
  for (let round = 0; round < 30; round++) {
    const a = (noise(4, `a ${round}`).readUInt32LE() >>> 6) | (1 << 25) | 1;
    const b = (noise(4, `b ${round}`).readUInt32LE() >>> 4) | (1 << 27) | 1;
    let p = 0n;
    for (let i = 0; i < 32; i++) if ((b >>> i) & 1) p ^= BigInt(a >>> 0) << BigInt(i);
    expect(isIrreducible(p)).toBe(false);
  }
});
