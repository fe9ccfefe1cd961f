/** A certificate that signs itself, made by openssl. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isIP } from 'node:net';
import { runOk } from './processes.js';

export interface CertificateFiles {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
  /** SHA-256, hex with colons. */
  readonly fingerprint: string;
}

/** @param host name or IP address that the certificate is for @param days from now; negative: already expired */
export async function makeCertificate(folder: string, host: string, days = 30): Promise<CertificateFiles> {
  const certificate = path.join(folder, 'certificate.pem');
  const key = path.join(folder, 'key.pem');
  await runOk('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate,
    '-days', String(days), '-subj', `/CN=${host}`, '-addext', `subjectAltName=${isIP(host) ? 'IP' : 'DNS'}:${host}`,
  ]);
  return { certificate, key, fingerprint: new X509Certificate(readFileSync(certificate)).fingerprint256 };
}
