/** Polynomials over F_2 as bigints, bit i for x^i (facts: restic/chunker, polynomials.go; Ben-Or's irreducibility test). */
import { randomBytes } from 'node:crypto';

export function degree(p: bigint): number {
  return p === 0n ? -1 : p.toString(2).length - 1;
}

function mod(a: bigint, m: bigint): bigint {
  const d = degree(m);
  for (let n = degree(a); n >= d; n = degree(a)) a ^= m << BigInt(n - d);
  return a;
}

function mulMod(a: bigint, b: bigint, m: bigint): bigint {
  let result = 0n;
  let shifted = mod(a, m);
  const top = 1n << BigInt(degree(m));
  for (let rest = b; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result ^= shifted;
    shifted <<= 1n;
    if (shifted & top) shifted ^= m;
  }
  return result;
}

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, mod(a, b)];
  return a;
}

export function isIrreducible(p: bigint): boolean {
  const d = degree(p);
  if (d < 1) return false;
  let power = 2n; // x, then x^(2^i)
  for (let i = 1; i <= Math.floor(d / 2); i++) {
    power = mulMod(power, power, p);
    if (gcd(p, power ^ 2n) !== 1n) return false;
  }
  return true;
}

/** A random irreducible polynomial of degree 53, as restic makes for each repository. */
export function randomPolynomial(): bigint {
  for (;;) {
    const candidate = (randomBytes(8).readBigUInt64LE() & ((1n << 54n) - 1n)) | (1n << 53n) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
}
