/** Which keys a host is known by. Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
import { createHash, createHmac } from 'node:crypto';
import { matches } from './ssh-config.js';

export interface KnownKey {
  /** `ssh-ed25519`, `ssh-rsa` ... */
  readonly type: string;
  /** The key itself, base64. */
  readonly key: string;
  readonly revoked: boolean;
}

/** `[host]:port`, or the bare host for port 22. */
export function nameOf(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** The keys that files of this format hold for a host. Certificate authorities are left out: we know no host certificates. */
export function knownKeys(texts: readonly string[], host: string, port: number): KnownKey[] {
  const name = nameOf(host, port);
  const found: KnownKey[] = [];
  for (const line of texts.flatMap((text) => text.split(/\r?\n/))) {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
    const [names = '', type, key] = fields;
    if (names === '' || names.startsWith('#') || type === undefined || key === undefined || marker === '@cert-authority') continue;
    if (covers(names, name)) found.push({ type, key, revoked: marker === '@revoked' });
  }
  return found;
}

function covers(names: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|(.+)$/.exec(names);
  if (hashed) return createHmac('sha1', Buffer.from(hashed[1] ?? '', 'base64')).update(name).digest('base64') === hashed[2];
  return matches(name, names.split(','));
}

/** As ssh shows it: `SHA256:…` */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The first field of a key in SSH's wire format. */
export function typeOf(key: Buffer): string {
  return key.length < 4 ? '' : key.toString('latin1', 4, 4 + Math.min(64, key.readUInt32BE(0)));
}

export type Verdict = 'known' | 'unknown' | 'changed' | 'revoked';

export function judge(key: Buffer, known: readonly KnownKey[]): Verdict {
  const text = key.toString('base64');
  const same = known.filter((entry) => entry.key === text);
  if (same.some(({ revoked }) => revoked)) return 'revoked';
  if (same.length > 0) return 'known';
  return known.some(({ revoked }) => !revoked) ? 'changed' : 'unknown';
}

const rsa = ['rsa-sha2-512', 'rsa-sha2-256'];
const algorithms = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', ...rsa];

/** Those of known keys first: a host with several keys shall show one that can be compared. */
export function algorithmOrder(known: readonly KnownKey[]): string[] {
  const first = known.flatMap(({ type }) => (type === 'ssh-rsa' ? rsa : [type])).filter((name) => algorithms.includes(name));
  return [...new Set([...first, ...algorithms])];
}
