/** The hub's certificate: self-signed at the first start and kept, because agents pin its fingerprint; or one that the owner gives. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { writePrivateFile } from '../store/private-files.js';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of the DER form, 64 hex digits. */
  readonly fingerprint: string;
  /** SHA-256 of the public key (SubjectPublicKeyInfo), base64: what curl calls `--pinnedpubkey sha256//…`. */
  readonly keyPin: string;
  /** False for an own certificate: agents then ask the public authorities, and it can be renewed without telling them. */
  readonly pinned: boolean;
}

/** Agents trust the fingerprint and not the dates, so this is for people who look at it in a browser. */
const validForMs = 20 * 365 * 86_400_000;

/** @throws HoldfastError `settings-invalid` for files that are not a certificate and its key. */
export async function loadCertificate(dataFolder: string, own: { certFile: string; keyFile: string } | undefined): Promise<Certificate> {
  const certFile = own?.certFile ?? path.join(dataFolder, 'hub-certificate.pem');
  const keyFile = own?.keyFile ?? path.join(dataFolder, 'hub-key.pem');
  let pair = await readPair(certFile, keyFile, own !== undefined);
  if (pair === null) {
    pair = await makeCertificate();
    await writePrivateFile(keyFile, pair.key);
    await writePrivateFile(certFile, pair.cert);
  }
  try {
    const parsed = new X509Certificate(pair.cert);
    return { ...pair, fingerprint: createHash('sha256').update(parsed.raw).digest('hex'), keyPin: createHash('sha256').update(parsed.publicKey.export({ type: 'spki', format: 'der' })).digest('base64'), pinned: own === undefined };
  } catch (cause) {
    throw new HoldfastError('settings-invalid', `${certFile} is not a certificate. It must be a PEM file.`, { cause });
  }
}

async function readPair(certFile: string, keyFile: string, mustExist: boolean): Promise<{ cert: string; key: string } | null> {
  try {
    return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (missing && !mustExist) return null;
    throw new HoldfastError('settings-invalid', `The hub's certificate cannot be read (${cause instanceof Error ? cause.message : String(cause)}). Check the files ${certFile} and ${keyFile}.`, { cause });
  }
}

async function makeCertificate(): Promise<{ cert: string; key: string }> {
  // Only the very first start pays for loading this library.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Holdfast hub',
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date(now + validForMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...['localhost', hostname(), `${hostname().split('.')[0]}.local`].filter((name) => /^[A-Za-z0-9.-]+$/.test(name)).map((value) => ({ type: 'dns' as const, value })),
        ...['127.0.0.1', '::1', ...lanAddresses()].map((value) => ({ type: 'ip' as const, value })),
      ]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, '$1\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
  return { cert: `${certificate.toString('pem')}\n`, key };
}

/** IPv4 addresses of this computer that others can reach. */
export function lanAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal && !address.address.startsWith('169.254.'))
    .map((address) => address.address);
}
