/** What can go wrong between here and a server, as sentences. */
import { HoldfastError } from '../../../shared/errors.js';
import { codeOf } from '../local-errors.js';

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_UNTRUSTED', 'CERT_SIGNATURE_FAILURE', 'INVALID_CA', 'CERT_CHAIN_TOO_LONG',
]);

/** The server's answer broke off or never came. `stalled` is thrown by those who watch the clock. */
export class StalledError extends Error {
  readonly code = 'HOLDFAST_STALLED';
  constructor(readonly seconds: number) {
    super('stalled');
  }
}

/** The server showed another certificate than the pinned one. */
export class PinMismatchError extends Error {
  readonly code = 'HOLDFAST_PIN';
  constructor(readonly fingerprint: string) {
    super('the certificate is another one');
  }
}

/**
 * An error of a connection to `host`.
 * @param host as the person knows it, `nas.local:8000`
 * @returns null when the error is none of the network's
 */
export function networkError(error: unknown, host: string): HoldfastError | null {
  // a client's own watch on the clock has a name and no code
  const code = codeOf(error) ?? codeOf(causeOf(error)) ?? (error instanceof Error && error.name === 'TimeoutError' ? error.name : undefined);
  const missing = (message: string): HoldfastError => new HoldfastError('destination-missing', message, { cause: error });
  const failed = (message: string, retryable: boolean): HoldfastError => new HoldfastError('destination-failed', message, { cause: error, retryable });
  if (error instanceof PinMismatchError) {
    return failed(`The server ${host} shows another certificate than the one this destination was set up with (now SHA-256 ${error.fingerprint}). If the server got a new one, accept it in the destination's settings; otherwise somebody is in between.`, false);
  }
  if (code !== undefined && untrusted.has(code)) return failed(`The certificate of ${host} is not trusted by this computer. Give the authority that signed it (ca-certificate), or the certificate's fingerprint, in the destination's settings.`, false);
  switch (code) {
    case 'ECONNREFUSED':
      return missing(`Nothing answers at ${host}. Check the address and port, and that the server is running.`);
    case 'ENOTFOUND':
      return missing(`There is no server with the name of ${host}. Check the address and this computer's network.`);
    case 'EAI_AGAIN':
      return missing(`The name of ${host} cannot be looked up at the moment. Check this computer's network.`);
    case 'EHOSTUNREACH': case 'ENETUNREACH': case 'EHOSTDOWN': case 'ENETDOWN': case 'EADDRNOTAVAIL':
      return missing(`The server ${host} cannot be reached from here. Check this computer's network.`);
    case 'ETIMEDOUT': case 'UND_ERR_CONNECT_TIMEOUT':
      return missing(`The server ${host} does not answer. Check the address, the network and any firewall between.`);
    case 'ECONNRESET': case 'EPIPE': case 'ECONNABORTED': case 'ERR_STREAM_PREMATURE_CLOSE': case 'ERR_STREAM_DESTROYED': case 'ERR_SOCKET_CLOSED':
      return failed(`The connection to ${host} broke off. Check the network and try again.`, true);
    case 'HOLDFAST_STALLED': case 'TimeoutError':
      return failed(`The server ${host} has stopped answering in the middle. Check the network and try again.`, true);
    case 'CERT_HAS_EXPIRED':
      return failed(`The certificate of ${host} has expired. Renew it on the server, or check this computer's clock.`, false);
    case 'CERT_NOT_YET_VALID':
      return failed(`The certificate of ${host} is not valid yet. Check this computer's clock.`, false);
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return failed(`The certificate of ${host} belongs to another name. Use the name in the certificate, or check that this is the right server.`, false);
    default:
  }
  if (code?.startsWith('HPE_')) return failed(`The server ${host} does not speak HTTP as expected. Check the address and port.`, false);
  if (code?.startsWith('ERR_SSL_') || code === 'EPROTO') return failed(`A secure connection to ${host} cannot be made. Check whether the address should begin with http:// or https://.`, false);
  return null;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/** `the server` said `status`: what every HTTP service means by it. @returns null when the status says nothing in itself */
export function httpError(status: number, host: string, detail = ''): HoldfastError | null {
  const said = detail === '' ? `${status}` : `${status}, ${detail}`;
  switch (status) {
    case 401:
      return new HoldfastError('permission-denied', `The server ${host} does not accept the user name and password. Check both in the destination's settings.`);
    case 403:
      return new HoldfastError('permission-denied', `The server ${host} does not allow this (${said}). Check what the user may do there.`);
    case 407:
      return new HoldfastError('permission-denied', `A proxy on the way to ${host} wants a password. Check this computer's network settings.`);
    case 413:
      return new HoldfastError('destination-failed', `The server ${host} does not take files of this size (${said}). Raise the limit on the server, or use smaller packs.`, { retryable: false });
    case 408: case 429:
      return new HoldfastError('destination-failed', `The server ${host} has too much to do (${said}). Try again later.`, { retryable: true });
    case 507:
      // a server that names the limit knows best what to do about it
      return new HoldfastError('destination-full', detail === '' ? `The storage at ${host} is full. Free some space, or forget and prune old snapshots, and try again.` : `${detail} (${host}).`);
    default:
      if (status >= 500) return new HoldfastError('destination-failed', `The server ${host} answers with an error (${said}). Look into the server's log, and try again.`, { retryable: true });
      return null;
  }
}
