/** What S3 services say, as sentences. */
import { HoldfastError } from '../../../shared/errors.js';
import { httpError, networkError } from '../remote/network-errors.js';

export interface Said {
  /** `NoSuchKey`, `AccessDenied` ...; for answers without a body what the status stands for. */
  readonly name: string;
  readonly status: number;
  readonly message: string;
}

export function whatWasSaid(error: unknown): Said | null {
  if (!(error instanceof Error) || !('$metadata' in error)) return null;
  const metadata = error.$metadata;
  const status = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? Number(metadata.httpStatusCode ?? 0) : 0;
  const code = 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name;
  return { name: code, status: Number.isFinite(status) ? status : 0, message: error.message };
}

/** @param doing for sentences: "Saving the pack ab12cd34" @param host of the service @param bucket where it happened */
export function s3Error(error: unknown, doing: string, host: string, bucket: string): unknown {
  if (error instanceof HoldfastError) return error;
  const said = whatWasSaid(error);
  // the client's errors carry request and answer, signatures included: not for any log
  const options = { cause: said ? new Error(`${said.status} ${said.name}: ${said.message}`) : error };
  const denied = (message: string): HoldfastError => new HoldfastError('permission-denied', message, options);
  const failed = (message: string, retryable: boolean): HoldfastError => new HoldfastError('destination-failed', message, { ...options, retryable });
  if (said && said.status >= 200) {
    switch (said.name) {
      case 'NoSuchBucket':
        return new HoldfastError('destination-missing', `There is no bucket "${bucket}" at ${host}. Make it there, or check the name.`, { ...options, retryable: false });
      case 'InvalidAccessKeyId':
        return denied(`The server ${host} does not know the access key. Check the key, and that it belongs to this service.`);
      case 'SignatureDoesNotMatch':
        return denied(`The secret key does not fit the access key at ${host}. Enter the secret key again.`);
      case 'ExpiredToken': case 'InvalidToken': case 'ExpiredTokenException':
        return denied(`The session token for ${host} has expired. Get a new one.`);
      case 'AccessDenied': case 'AllAccessDisabled': case 'AccountProblem': case 'UserSuspended':
        return denied(`${doing} is not allowed in the bucket "${bucket}". Give the access key the right to read, write, list and delete there.`);
      // the client corrects its clock by the answer, so that the next attempt may work
      case 'RequestTimeTooSkewed': case 'RequestExpired': case 'RequestInTheFuture':
        return failed(`This computer's clock differs too much from that of ${host}. Set the clock.`, true);
      case 'QuotaExceeded': case 'XMinioStorageFull': case 'XMinioAdminBucketQuotaExceeded': case 'ServiceQuotaExceeded': case 'StorageQuotaExceeded': case 'InsufficientStorage':
        return new HoldfastError('destination-full', `The quota of the bucket "${bucket}" is used up. Raise it, or forget and prune old snapshots, and try again.`, options);
      case 'PermanentRedirect': case 'AuthorizationHeaderMalformed': case 'IllegalLocationConstraintException':
        return failed(`The bucket "${bucket}" is in another region. Set the region in the destination's settings.`, false);
      case 'InvalidBucketName':
        return new HoldfastError('usage', `"${bucket}" cannot be the name of a bucket. Use 3 to 63 lower-case letters, digits and hyphens.`, options);
      case 'BucketAlreadyExists':
        return denied(`The bucket "${bucket}" belongs to somebody else. Choose another name.`);
      case 'InvalidObjectState':
        return failed(`${doing} failed because it lies in an archive. Restore it from the archive class first.`, false);
      case 'SlowDown': case 'ServiceUnavailable': case 'TooManyRequests': case 'Throttling': case 'RequestLimitExceeded':
        return failed(`The server ${host} has too much to do. Try again later.`, true);
      case 'RequestTimeout': case 'IncompleteBody': case 'BadDigest': case 'XAmzContentSHA256Mismatch':
        return failed(`${doing} was disturbed on its way to ${host}. Check the network and try again.`, true);
      case 'InvalidStorageClass':
        return new HoldfastError('usage', `The storage class is not one that ${host} knows. Check the destination's settings.`, options);
      default:
    }
    if (said.status === 401 || said.status === 403) return denied(`The server ${host} does not allow this (${said.name}). Check the keys, and what they may do in the bucket "${bucket}".`);
    const general = httpError(said.status, host, said.name);
    if (general) return general;
    if (said.status >= 400) return failed(`${doing} failed: ${host} answers ${said.name}. Check the destination's settings.`, false);
  }
  const network = networkError(error, host);
  if (network) return network;
  if (error instanceof Error && error.name === 'CredentialsProviderError') {
    return denied('There are no keys for this S3 destination. Give an access key and its secret key in its settings.');
  }
  // an answer that is not XML, or that broke off in the middle of its XML
  if (said || (error instanceof Error && /deseriali[sz]|char '|Unexpected token/i.test(error.message))) return failed(`The server ${host} gives an answer that is none of an S3 service. Check the address.`, true);
  return error;
}
