/** `s3:https://host/bucket/prefix`, `s3://host/bucket/prefix` and `s3:host/bucket/prefix`, as restic writes them. */
import { posix } from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { decoded } from '../decode.js';

export interface S3Place {
  /** `https://host:port` */
  readonly endpoint: URL;
  readonly bucket: string;
  /** Empty, or with a slash at the end. */
  readonly prefix: string;
  /** For messages. */
  readonly location: string;
}

/** @throws `usage` */
export function parseS3Url(url: string): S3Place {
  const wrong = new HoldfastError('usage', 'The address of an S3 repository looks like s3:https://host/bucket/folder. Check it.');
  const rest = url.replace(/^s3:/, '').replace(/^\/\//, '');
  const text = /^https?:\/\//.test(rest) ? rest : `https://${rest}`;
  if (!URL.canParse(text)) throw wrong;
  const parsed = new URL(text);
  if (parsed.username !== '' || parsed.password !== '') throw new HoldfastError('usage', 'An S3 address holds no keys. Give them as settings of the destination (access-key-id, secret-access-key).');
  const [bucket = '', ...folders] = decoded(parsed.pathname).slice(1).split('/');
  if (bucket === '' || parsed.hostname === '') throw wrong;
  const clean = posix.normalize(folders.join('/')).replace(/^(\.?\/)+|\/+$/g, '');
  const prefix = clean === '' || clean === '.' ? '' : `${clean}/`;
  return { endpoint: new URL(parsed.origin), bucket, prefix, location: `s3:${parsed.origin}/${bucket}/${prefix}` };
}

/** The region that the host names, as most services write it: `s3.eu-central-1.wasabisys.com`, `nyc3.digitaloceanspaces.com`. */
export function regionOf(host: string): string | null {
  if (/\.r2\.cloudflarestorage\.com$/.test(host)) return 'auto';
  const spaces = /^([a-z0-9-]+)\.digitaloceanspaces\.com$/.exec(host);
  if (spaces) return spaces[1] ?? null;
  const match = /(?:^|\.)s3(?:[.-](?:dualstack|fips|website))?[.-]([a-z0-9]+(?:-[a-z0-9]+)+)\./.exec(host);
  return match?.[1] ?? null;
}

export function isAmazon(host: string): boolean {
  return /(^|\.)amazonaws\.com(\.cn)?$/.test(host);
}

/** Whether buckets are part of the host's name there: `bucket.host`. A dot in the bucket's name would not fit the certificate. */
export function usesVirtualHosts(host: string, bucket: string, lookup: 'auto' | 'dns' | 'path'): boolean {
  if (lookup !== 'auto') return lookup === 'dns';
  return isAmazon(host) && !bucket.includes('.');
}
