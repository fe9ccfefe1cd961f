/** A connected socket to a hub that has proved who it is. Nothing of ours is sent before that. */
import { createHash } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { HoldfastError } from '../../shared/errors.js';
import type { HubAddress } from '../../shared/protocol/link.js';

/** Name look-up, TCP and TLS together, ms. */
const connectWithin = 20_000;

/**
 * With a fingerprint, exactly the certificate with that SHA-256 (of its DER form) is accepted and no other, whoever signed it;
 * without one, the public authorities decide as usual. http:// is for hubs on this computer only (parseHubUrl sees to that).
 * @throws HoldfastError `offline`, `hub-unreachable`, `cancelled`.
 */
export function openSocket(address: HubAddress, signal?: AbortSignal): Promise<Socket> {
  const url = new URL(address.url);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port || (secure ? 443 : 80));
  return new Promise((resolve, reject) => {
    const pinned = address.fingerprint !== null;
    const socket = secure
      ? connectTls({ host, port, ALPNProtocols: ['http/1.1'], rejectUnauthorized: !pinned, ...(isIp(host) ? {} : { servername: host }) })
      : connectTcp({ host, port });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error instanceof HoldfastError ? error : explain(error, address));
    };
    const onAbort = (): void => fail(new HoldfastError('cancelled', 'Cancelled.'));
    const timer = setTimeout(() => fail(new HoldfastError('hub-unreachable', `The hub at ${address.url} does not answer. Is that computer on, and the address right?`)), connectWithin);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) return onAbort();
    socket.once('error', fail);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      if (pinned && !(secure && fingerprintOf(socket as TLSSocket) === address.fingerprint)) {
        return fail(new HoldfastError('hub-unreachable',
          `The computer that answers at ${address.url} is not the hub that this one joined: its certificate is another. If the hub was set up anew, join it again with a new setup link.`));
      }
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', fail);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** SHA-256 of the peer's certificate in DER form, 64 hex digits; null without one. */
function fingerprintOf(socket: TLSSocket): string | null {
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? null : createHash('sha256').update(certificate.raw).digest('hex');
}

const isIp = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':');

/** One sentence for what went wrong on the way to a hub. */
export function explain(error: Error, address: HubAddress): HoldfastError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const say = (text: string): HoldfastError => new HoldfastError('hub-unreachable', text, { cause: error });
  switch (code) {
    case 'ECONNREFUSED': return say(`No hub answers at ${address.url} (connection refused). Is it running?`);
    case 'ENOTFOUND': return say(`The hub's name in ${address.url} is not known. Is the address right, and is this computer in the same network?`);
    case 'EHOSTUNREACH': case 'ETIMEDOUT': case 'EHOSTDOWN': return say(`The hub at ${address.url} cannot be reached. Is that computer on and in the same network?`);
    case 'ECONNRESET': case 'EPIPE': return say(`The connection to the hub at ${address.url} was cut.`);
    case 'ENETUNREACH': case 'EAI_AGAIN': case 'ENETDOWN': return new HoldfastError('offline', 'This computer is not connected to a network.', { cause: error });
    default:
      if (/CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL/.test(code)) return say(`The certificate of the hub at ${address.url} is not trusted (${code}). Join it with a setup link, which carries its fingerprint.`);
      return say(`The hub at ${address.url} cannot be reached (${code || error.message.split('\n', 1)[0]}).`);
  }
}
