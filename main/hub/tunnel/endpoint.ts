/** `GET /tunnel`: from an HTTP upgrade to a place in the registry. Nothing is believed before the token has been checked. */
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/close-codes.js';
import { maxFrameBytes, subprotocol, tunnelPath } from '../../shared/protocol/messages.js';
import type { Agents } from '../agents/agents.js';
import type { FailureLimit } from '../api/failure-limit.js';
import type { HubLogger } from '../options.js';
import { refuse, type Registry } from './registry.js';

export interface EndpointPorts {
  readonly agents: Agents;
  readonly registry: Registry;
  readonly limit: FailureLimit;
  readonly logger: HubLogger;
}

/** Takes the upgrades of `server`. @returns a function that refuses new ones from then on. */
export function openTunnelEndpoint(server: Server, ports: EndpointPorts): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxFrameBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : (offered.values().next().value ?? false)),
  });
  let open = true;

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const onError = (): void => { stream.destroy(); };
    stream.on('error', onError);
    if (!open) return answer(stream, 503);
    if (request.url?.split('?', 1)[0] !== tunnelPath) return answer(stream, 404);
    const upgrade = (then: (socket: WebSocket) => void): void => {
      if (stream.destroyed) return;
      stream.off('error', onError);
      sockets.handleUpgrade(request, stream, head, (socket) => {
        socket.pause(); // no frame may pass before somebody listens
        then(socket);
      });
    };
    void admit(request, ports, upgrade, (status) => answer(stream, status));
  });
  return () => { open = false; };
}

async function admit(request: IncomingMessage, { agents, registry, limit, logger }: EndpointPorts, upgrade: (then: (socket: WebSocket) => void) => void, decline: (status: number) => void): Promise<void> {
  const address = request.socket.remoteAddress ?? '';
  try {
    const token = /^Bearer (.{1,200})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const who = await agents.authenticate(token);
    if (who === 'unknown' || who === 'removed') {
      // Right tokens always pass: one computer with an old token must not lock out the others behind the same router.
      if (!limit.failed(address)) return decline(429);
      logger.log('warn', `A connection from ${address} was refused: ${who === 'removed' ? 'its computer was removed' : 'unknown agent token'}`);
      return upgrade((socket) => (who === 'removed' ? refuse(socket, closeCodes.revoked, 'removed from the hub') : refuse(socket, closeCodes.unknownToken, 'unknown token')));
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(subprotocol)) return upgrade((socket) => refuse(socket, closeCodes.upgradeNeeded, `this hub speaks ${subprotocol}`));
    upgrade((socket) => {
      registry.admit(socket, who.agent).catch(() => socket.terminate());
    });
  } catch (error) {
    logger.log('error', `A connection could not be checked: ${error instanceof Error ? error.message : String(error)}`);
    decline(503);
  }
}

function answer(stream: Duplex, status: number): void {
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n${status === 429 ? 'Retry-After: 60\r\n' : ''}\r\n`, () => stream.destroy());
}
