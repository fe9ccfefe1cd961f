/** Connections that stay open between requests, and whose certificate they trust. */
import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, rootCertificates, type ConnectionOptions } from 'node:tls';
import { HoldfastError } from '../../../shared/errors.js';
import { PinMismatchError } from './network-errors.js';

export interface Trust {
  /** PEM: trusted beside the system's authorities. */
  readonly caCertificate?: string | undefined;
  /** SHA-256 of the server's certificate in hex, with or without colons: this one is trusted and no other, whoever signed it. */
  readonly certificatePin?: string | undefined;
}

export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  destroy(): void;
}

/** How long a connection may take to come about unless something else is said, ms. */
export const connectTimeout = 15_000;

/**
 * @param connectMs how long making a connection may take: the system itself would wait for minutes
 * @throws `usage` for a certificate or fingerprint that is none
 */
export function makeAgents(trust: Trust, connections: number, connectMs: number): Agents {
  const pool = { keepAlive: true, maxSockets: connections, scheduling: 'lifo' } as const;
  const http = new ImpatientAgent(pool, connectMs);
  const https = new PinningAgent({ ...pool, ...trustOptions(trust) }, normalPin(trust.certificatePin), connectMs);
  return { http, https, destroy: () => { http.destroy(); https.destroy(); } };
}

function trustOptions(trust: Trust): AgentOptions {
  // a resumed session would show no certificate to compare
  if (trust.certificatePin !== undefined) return { rejectUnauthorized: false, maxCachedSessions: 0 };
  if (trust.caCertificate === undefined) return {};
  if (!trust.caCertificate.includes('-----BEGIN CERTIFICATE-----')) {
    throw new HoldfastError('usage', 'The certificate authority given for this destination is not a certificate in PEM form. It begins with "-----BEGIN CERTIFICATE-----".');
  }
  return { ca: [...rootCertificates, trust.caCertificate] };
}

function normalPin(pin: string | undefined): string | null {
  if (pin === undefined) return null;
  const hex = pin.replace(/^sha256[:/]/i, '').replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new HoldfastError('usage', 'The certificate fingerprint given for this destination is not a SHA-256 fingerprint: it has 64 hexadecimal digits.');
  return hex;
}

type Connected = (error: Error | null, stream: Duplex) => void;

class ImpatientAgent extends HttpAgent {
  constructor(options: HttpAgentOptions, private readonly connectMs: number) {
    super(options);
  }

  override createConnection(options: ClientRequestArgs, callback?: Connected): Duplex | null | undefined {
    return inTime(super.createConnection(options, callback), 'connect', this.connectMs);
  }
}

/** Ends a connection that does not come about. @param made the event that says it has */
function inTime<T extends Duplex | null | undefined>(socket: T, made: 'connect' | 'secureConnect', ms: number): T {
  if (!socket) return socket;
  const timer = setTimeout(() => socket.destroy(Object.assign(new Error('the connection does not come about'), { code: 'ETIMEDOUT' })), ms);
  socket.once(made, () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  return socket;
}

class PinningAgent extends HttpsAgent {
  constructor(options: AgentOptions, private readonly pin: string | null, private readonly connectMs: number) {
    super(options);
  }

  /** With a pin the socket is handed out after the handshake only, so that no password reaches a stranger. */
  override createConnection(options: ConnectionOptions, callback?: Connected): Duplex | null | undefined {
    if (this.pin === null || !callback) return inTime(super.createConnection(options, callback), 'secureConnect', this.connectMs);
    const name = options.servername ?? options.host ?? '';
    const socket = inTime(connect({ ...options, ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }) }), 'secureConnect', this.connectMs);
    let settled = false;
    const settle = (error: Error | null): void => {
      if (settled) return;
      settled = true;
      callback(error, socket);
    };
    socket.once('error', settle);
    socket.once('close', () => settle(Object.assign(new Error('closed during the handshake'), { code: 'ECONNRESET' })));
    socket.once('secureConnect', () => {
      const seen = (socket.getPeerCertificate().fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
      if (seen === this.pin) return settle(null);
      settle(new PinMismatchError(seen));
      socket.destroy();
    });
    return undefined;
  }
}
