/** HTTP servers of the hub: one over TLS for everybody, one over the local socket for the hub's owner. Both speak JSON and HoldfastErrors. */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import fastify, { type FastifyInstance, type FastifyServerFactoryHandler } from 'fastify';
import { asHoldfastError, HoldfastError, type ErrorCode } from '../../shared/errors.js';
import type { HubLogger } from '../options.js';

/** A whole head must be here within this time, and a whole request within twice it, ms: nobody holds a connection open by dripping bytes. */
const headWithin = 10_000;
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
      const timeouts = { headersTimeout: headWithin, requestTimeout: 2 * headWithin, connectionsCheckingInterval: 2_000, keepAliveTimeout: 5_000, maxHeaderSize: 16 * 1024 };
      server = tls === null
        ? createHttpServer(timeouts, handler)
        : createHttpsServer({ ...timeouts, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2', handshakeTimeout: handshakeWithin, ALPNProtocols: ['http/1.1'] }, handler);
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
