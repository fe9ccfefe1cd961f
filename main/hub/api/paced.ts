/**
 * Connections are let in a few at a time. A handshake costs the hub a millisecond or two, and when a whole company comes back in the
 * same second, ten thousand of them in one go would keep everybody who is connected already waiting for as long as they take.
 *
 * The newest comes first: whoever came just now is still there, while whoever has waited long may have given up, and a handshake with
 * nobody is lost time. Served in order, a hub with more callers than it can take would in the end serve only those who have gone.
 */
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import type { Server } from 'node:http';

/** Begun in one turn of the event loop; what is asked on the connections there are comes in between. */
const perTurn = 8;
/** An agent gives up after 20 s; a connection that waited nearly that long is ended, so that it comes again, ms. */
const waitsAtMost = 15_000;

interface Waiting {
  readonly socket: Socket;
  readonly since: number;
}

/** @returns the server to listen with. `to` gets its connections and must not listen itself. */
export function pacedInto(to: Server): TcpServer {
  /** In the order of their coming. */
  let waiting: Waiting[] = [];
  let scheduled = false;
  const ignore = (): void => undefined;
  const turn = (): void => {
    scheduled = false;
    for (let begun = 0; begun < perTurn; begun += 1) {
      const newest = waiting.pop();
      if (newest === undefined) return;
      if (performance.now() - newest.since > waitsAtMost) {
        // All others have waited longer.
        for (const { socket } of [newest, ...waiting]) socket.destroy();
        waiting = [];
        return;
      }
      newest.socket.off('error', ignore);
      to.emit('connection', newest.socket);
    }
    schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  };
  // Not read before its turn: what the other side sends waits in the system's buffer.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on('error', ignore);
    waiting.push({ socket, since: performance.now() });
    schedule();
  });
  server.on('close', () => {
    for (const { socket } of waiting) socket.destroy();
    waiting = [];
  });
  return server;
}
