/** Key files: the master key, sealed with a key derived from the password by scrypt (facts: restic doc/design.rst). */
import { randomBytes, scrypt } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import type { Kernel } from '../wasm/kernel.js';
import { Sealer, type KeyMaterial } from './crypto.js';
import { damaged } from './damage.js';
import { formatTime, fromMillis } from './time.js';

const base64 = z.string().transform((text) => Buffer.from(text, 'base64'));

export const keyFileShape = z.object({
  created: z.string(),
  username: z.string().default(''),
  hostname: z.string().default(''),
  kdf: z.string(),
  N: z.number().int().positive(),
  r: z.number().int().positive(),
  p: z.number().int().positive(),
  salt: base64,
  data: base64,
});
export type KeyFile = z.infer<typeof keyFileShape>;

const masterShape = z.object({ mac: z.object({ k: base64, r: base64 }), encrypt: base64 });

/** restic measures the machine to choose these; its measuring ends at about this for half a second and 64 MB. */
const defaults = { N: 32768, r: 8, p: 4 } as const;
/** A hostile key file must not be able to take the machine's memory or a day: 128 * N * r bytes, p times. restic's keys take 32 to 60 MiB. */
const largestScryptMemory = 256 * 1024 * 1024;
/** N * r * p, sixteen times that of our own keys: some seconds. */
const largestScryptWork = 2 ** 24;

async function derive(password: string, salt: Buffer, N: number, r: number, p: number): Promise<KeyMaterial> {
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    scrypt(Buffer.from(password, 'utf8'), salt, 64, { N, r, p, maxmem: 128 * N * r * 2 + 128 * r * p + 1024 * 1024 },
      (error, key) => { if (error) reject(error); else resolve(key); });
  });
  return { encrypt: bytes.subarray(0, 32), macK: bytes.subarray(32, 48), macR: bytes.subarray(48, 64) };
}

export function parseKeyFile(bytes: Uint8Array, what: string): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw damaged(what, 'it is not JSON', cause);
  }
  const parsed = keyFileShape.safeParse(json);
  if (!parsed.success) throw damaged(what, 'a field is missing or has the wrong type', parsed.error);
  const { kdf, N, r, p, salt } = parsed.data;
  if (kdf !== 'scrypt') throw damaged(what, `it uses "${kdf}", and only scrypt is known`);
  if (!Number.isInteger(Math.log2(N)) || N < 2 || 128 * N * r > largestScryptMemory || N * r * p > largestScryptWork || salt.length === 0 || salt.length > 1024) {
    throw damaged(what, 'its scrypt parameters are out of bounds');
  }
  return parsed.data;
}

/** @returns null when the password does not open this key */
export async function openKeyFile(file: KeyFile, password: string, kernel: Kernel, what: string): Promise<KeyMaterial | null> {
  const user = await derive(password, file.salt, file.N, file.r, file.p);
  const plain = new Sealer(user, kernel).tryOpen(file.data);
  if (!plain) return null;
  let json: unknown;
  try {
    json = JSON.parse(plain.toString('utf8'));
  } catch (cause) {
    throw damaged(what, 'the key inside is not JSON', cause);
  }
  const master = masterShape.safeParse(json);
  if (!master.success) throw damaged(what, 'the key inside has the wrong form', master.error);
  const { mac, encrypt } = master.data;
  if (mac.k.length !== 16 || mac.r.length !== 16 || encrypt.length !== 32) throw damaged(what, 'the key inside has the wrong length');
  return { encrypt, macK: mac.k, macR: mac.r };
}

export function newMasterKey(): KeyMaterial {
  return { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
}

/** @returns the bytes of a new key file that opens `master` with `password` */
export async function makeKeyFile(master: KeyMaterial, password: string, who: { user: string; host?: string }, kernel: Kernel): Promise<Buffer> {
  const salt = randomBytes(64);
  const user = await derive(password, salt, defaults.N, defaults.r, defaults.p);
  const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const inner = JSON.stringify({ mac: { k: b64(master.macK), r: b64(master.macR) }, encrypt: b64(master.encrypt) });
  const data = new Sealer(user, kernel).seal(Buffer.from(inner));
  return Buffer.from(JSON.stringify({
    created: formatTime(fromMillis(Date.now())), username: who.user, hostname: who.host ?? hostname(),
    kdf: 'scrypt', ...defaults, salt: b64(salt), data: b64(data),
  }));
}
