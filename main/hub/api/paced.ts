/**
 * Connections are let in a few at a time. A handshake costs the hub a millisecond or two, and when a whole company comes back in the
 * same second, ten thousand of them in one go would keep everybody who is connected already waiting for as long as they take.
 */
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import type { Server } from 'node:http';

/** Begun in one turn of the event loop; what is asked on the connections there are comes in between. */
const perTurn = 8;
/** Connections that wait here at most. More than this wait in the system's own queue, or try again by themselves. */
const maxWaiting = 16_384;

/** @returns the server to listen with. `to` gets its connections and must not listen itself. */
export function pacedInto(to: Server): TcpServer {
  /** In order; those before `next` were let in. */
  let waiting: Socket[] = [];
  let next = 0;
  const drop = (): void => undefined;
  const turn = (): void => {
    for (let begun = 0; begun < perTurn && next < waiting.length; next += 1) {
      const socket = waiting[next];
      if (socket === undefined || socket.destroyed) continue;
      socket.off('error', drop);
      to.emit('connection', socket);
      begun += 1;
    }
    if (next < waiting.length) {
      setImmediate(turn);
    } else {
      waiting = [];
      next = 0;
    }
  };
  // Not read before its turn: what the other side sends waits in the system's buffer.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    if (waiting.length - next >= maxWaiting) {
      socket.destroy();
      return;
    }
    socket.on('error', drop);
    waiting.push(socket);
    if (waiting.length - next === 1) setImmediate(turn);
  });
  server.on('close', () => {
    for (const socket of waiting.slice(next)) socket.destroy();
    waiting = [];
    next = 0;
  });
  return server;
}
