/** HTTP servers of the hub: one over TLS for everybody, one over the local socket for the hub's owner. Both speak JSON and HoldfastErrors. */
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import fastify, { type FastifyInstance, type FastifyServerFactoryHandler } from 'fastify';
import { asHoldfastError, HoldfastError, type ErrorCode } from '../../shared/errors.js';
import { storagePath } from '../../shared/protocol/storage.js';
import type { HubLogger } from '../options.js';

/** A whole head must be here within this time, ms, and its body within the next: nobody holds a connection open by dripping bytes. */
const headWithin = 10_000;
const bodyWithin = 20_000;
/** Longer than the rest: when a whole company comes back at once, handshakes wait for their turn, ms. */
const handshakeWithin = 60_000;
const bodyLimit = 256 * 1024;

export interface JsonServer {
  readonly app: FastifyInstance;
  readonly server: HttpServer;
}

export function createJsonServer(tls: { cert: string; key: string } | null, logger: HubLogger): JsonServer {
  let server: HttpServer | null = null;
  const app = fastify({
    logger: false,
    bodyLimit,
    forceCloseConnections: true,
    serverFactory: (handler: FastifyServerFactoryHandler) => {
      const bounded = (request: IncomingMessage, response: ServerResponse): void => {
        limitBody(request);
        handler(request, response);
      };
      // Node's own limit on requests knows no addresses, and a pack may take longer: bodies are limited one by one.
      const timeouts = { headersTimeout: headWithin, requestTimeout: 0, connectionsCheckingInterval: 2_000, keepAliveTimeout: 5_000, maxHeaderSize: 16 * 1024 };
      server = tls === null
        ? createHttpServer(timeouts, bounded)
        : createHttpsServer({ ...timeouts, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2', handshakeTimeout: handshakeWithin, ALPNProtocols: ['http/1.1'] }, bounded);
      return server;
    },
  });
  app.setErrorHandler((thrown, _request, reply) => {
    const error = fromFastify(thrown);
    if (error.code === 'internal') logger.log('error', error.message);
    const limited = 'statusCode' in error && error.statusCode === 429;
    return reply.code(limited ? 429 : statusFor(error.code)).send(error.toShape());
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(new HoldfastError('not-found', 'There is nothing at this address.').toShape()));
  if (server === null) throw new HoldfastError('internal', 'The HTTP server was not made.');
  return { app, server };
}

/** Ends a connection whose request is not here in time. Hub storage takes files and watches their pace itself. */
function limitBody(request: IncomingMessage): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if ((length === '0' && encoding === undefined) || request.url?.startsWith(storagePath) === true) return;
  const timer = setTimeout(() => {
    request.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => request.socket.destroy());
  }, bodyWithin);
  const over = (): void => clearTimeout(timer);
  request.once('end', over);
  request.once('close', over);
}

/** Fastify's own refusals (a body that is no JSON, too large ...) carry a status below 500. */
function fromFastify(thrown: unknown): HoldfastError {
  if (thrown instanceof Error && !(thrown instanceof HoldfastError) && 'statusCode' in thrown && typeof thrown.statusCode === 'number' && thrown.statusCode < 500) {
    return new HoldfastError('usage', `The request is not right: ${thrown.message}.`);
  }
  return asHoldfastError(thrown);
}

function statusFor(code: ErrorCode): number {
  switch (code) {
    case 'usage': return 400;
    case 'token-unknown': return 401;
    case 'token-revoked': case 'permission-denied': case 'policy-refused': return 403;
    case 'not-found': return 404;
    case 'already-running': case 'already-connected': return 409;
    case 'hub-unreachable': return 503;
    default: return 500;
  }
}
