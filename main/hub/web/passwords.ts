/** Passwords of people, kept as scrypt (RFC 7914) with a salt of their own: `scrypt$N$r$p$salt$hash`, base64url. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and about a tenth of a second for each guess. */
const cost = { N: 2 ** 15, r: 8, p: 1 };
const maxmem = 128 * 1024 * 1024;
const length = 32;

/** Hashing is memory and a thread of the pool; this many at once, the rest wait. */
const atOnce = 2;
let busy = 0;
const waiting: (() => void)[] = [];

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Takes as long for a user who does not exist (`stored` null) as for one who does. */
export async function passwordMatches(password: string, stored: string | null): Promise<boolean> {
  const [kind, n, r, p, salt = '', hash = ''] = (stored ?? '').split('$');
  if (kind !== 'scrypt') {
    await derive(password, randomBytes(16), cost);
    return false;
  }
  const known = Buffer.from(hash, 'base64url');
  const given = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(n), r: Number(r), p: Number(p) });
  return known.length === given.length && timingSafeEqual(known, given);
}

async function derive(password: string, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> {
  if (busy >= atOnce) await new Promise<void>((resolve) => { waiting.push(resolve); });
  else busy += 1;
  try {
    return await new Promise((resolve, reject) => {
      scrypt(password.normalize('NFKC'), salt, length, { N, r, p, maxmem }, (error, key) => { if (error === null) resolve(key); else reject(error); });
    });
  } finally {
    // A place is handed on, not given back, while somebody waits for it.
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  }
}
