/** The S3 client, loaded when it is first needed: it is large, and most people have a disk. */
import type * as Sdk from '@aws-sdk/client-s3';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { HoldfastError } from '../../../shared/errors.js';
import { parseOptions, remoteOptions, tlsOptions } from '../options.js';
import { connectTimeout, makeAgents } from '../remote/agents.js';
import { isAmazon, regionOf, usesVirtualHosts, type S3Place } from './url.js';

export const s3Options = {
  ...remoteOptions,
  ...tlsOptions,
  /** Without these, the usual places count: environment, ~/.aws, SSO, the machine's role. */
  'access-key-id': z.string().optional(),
  'secret-access-key': z.string().optional(),
  'session-token': z.string().optional(),
  /** A profile of ~/.aws. */
  profile: z.string().optional(),
  region: z.string().optional(),
  'bucket-lookup': z.enum(['auto', 'dns', 'path'], 'is auto, dns or path').default('auto'),
  'storage-class': z.string().regex(/^[A-Z0-9_]+$/, 'is a name such as STANDARD_IA').optional(),
  /** Keeps new files from being changed or removed for so many days. The bucket must have object lock switched on. */
  'object-lock-days': z.string().regex(/^[1-9]\d{0,4}$/, 'is a number of days').transform(Number).optional(),
  'object-lock-mode': z.enum(['GOVERNANCE', 'COMPLIANCE'], 'is GOVERNANCE or COMPLIANCE').default('GOVERNANCE'),
};

export type S3Settings = z.output<z.ZodObject<typeof s3Options>>;

/** @throws `usage` */
export function parseS3Options(given: Readonly<Record<string, string>> | undefined): S3Settings {
  const settings = parseOptions('S3', s3Options, given);
  if ((settings['access-key-id'] === undefined) !== (settings['secret-access-key'] === undefined)) {
    throw new HoldfastError('usage', 'An S3 destination needs both its access key and its secret key. Give the one that is missing.');
  }
  return settings;
}

export interface Connected {
  readonly sdk: typeof Sdk;
  readonly client: S3Client;
  /** Ends open connections. */
  close(): void;
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export async function connect(place: S3Place, settings: S3Settings, env: NodeJS.ProcessEnv): Promise<Connected> {
  // it would tell people to get another Node.js, which they cannot
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const agents = makeAgents({ caCertificate: settings['ca-certificate'], certificatePin: settings['certificate-pin'] }, settings.connections * 2, Math.min(connectTimeout, settings['stall-seconds'] * 1000));
  const { hostname } = place.endpoint;
  const make = (region: string): S3Client => new sdk.S3Client({
    ...credentials(settings),
    region,
    // Amazon's own names follow from the region; others are what they are
    ...(isAmazon(hostname) ? {} : { endpoint: place.endpoint.origin }),
    forcePathStyle: !usesVirtualHosts(hostname, place.bucket, settings['bucket-lookup']),
    maxAttempts: 1, // retries are ours
    logger: silent,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      httpAgent: agents.http, httpsAgent: agents.https, socketTimeout: settings['stall-seconds'] * 1000,
    },
  });
  const known = settings.region ?? regionOf(hostname) ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  let client = make(known ?? 'us-east-1');
  if (known === undefined && isAmazon(hostname)) {
    const region = await bucketRegion(sdk, client, place.bucket);
    if (region !== null) {
      client.destroy();
      client = make(region);
    }
  }
  return { sdk, client, close: () => { client.destroy(); agents.destroy(); } };
}

/** Any region knows where a bucket is, and says so even while it refuses. */
async function bucketRegion(sdk: Connected['sdk'], client: S3Client, bucket: string): Promise<string | null> {
  try {
    return (await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }))).BucketRegion ?? null;
  } catch (error) {
    const answer = z.object({ $response: z.object({ headers: z.object({ 'x-amz-bucket-region': z.string() }) }) }).safeParse(error);
    return answer.success ? answer.data.$response.headers['x-amz-bucket-region'] : null;
  }
}

function credentials(settings: S3Settings): Pick<S3ClientConfig, 'credentials' | 'profile'> {
  const { 'access-key-id': accessKeyId, 'secret-access-key': secretAccessKey, 'session-token': sessionToken, profile } = settings;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { credentials: { accessKeyId, secretAccessKey, sessionToken } };
  return profile === undefined ? {} : { profile };
}
