/**
 * Lets connections in a few at a time when thousands come at once, as after a restart of the hub. Side by side all their handshakes would be
 * slow, and whoever gave up meanwhile would have cost as much as one that got in; in a queue the first are served while their patience lasts.
 * Every other one is the newest, so that a person who opens the dashboard need not wait for a whole company.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HubClock } from '../options.js';

/** Connections that have not got what they came for. Enough of them to keep a processor busy while the network takes its time. */
const inside = 128;
/** Whoever takes longer than this is counted no more, ms: slow ones, or ones that mean harm, do not hold up the others. */
const countedFor = 2_000;
/** Agents wait 30 s for their welcome. Later there is nobody to serve, ms. */
const patience = 25_000;
/** More cannot wait: each takes a file descriptor. */
const mostWaiting = 30_000;

interface Waiting { readonly socket: Socket; readonly since: number }

const nameOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string => `${remoteAddress} ${remotePort}`;

export class Turnstile {
  private waiting: Waiting[] = [];
  /** The oldest that waits is here in `waiting`; what is before it is gone. */
  private first = 0;
  private readonly counted = new Map<string, () => void>();
  private newestNext = false;

  constructor(private readonly clock: Pick<HubClock, 'now' | 'after'>, private readonly letIn: (socket: Socket) => void) {}

  /** Puts itself before what `server` does with a new connection. */
  static before(server: Server, clock: HubClock): Turnstile {
    const goOn = server.listeners('connection');
    const turnstile = new Turnstile(clock, (socket) => { for (const listener of goOn) listener.call(server, socket); });
    server.removeAllListeners('connection').on('connection', (socket: Socket) => turnstile.arrived(socket));
    server.on('request', ({ socket }) => turnstile.served(socket));
    return turnstile;
  }

  arrived(socket: Socket): void {
    if (this.waiting.length - this.first >= mostWaiting) {
      socket.destroy();
      return;
    }
    socket.on('error', ignore);
    this.waiting.push({ socket, since: this.clock.now() });
    this.next();
  }

  /** This one has got what it came for. @param socket the connection, or what came of it: its addresses tell */
  served(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void {
    this.leave(nameOf(socket));
  }

  private leave(name: string): void {
    this.counted.get(name)?.();
    if (this.counted.delete(name)) this.next();
  }

  private next(): void {
    while (this.counted.size < inside) {
      const next = this.take();
      if (next === undefined) return;
      const { since, socket } = next;
      if (socket.destroyed) continue;
      if (this.clock.now() - since > patience) {
        socket.destroy();
        continue;
      }
      const name = nameOf(socket);
      this.counted.set(name, this.clock.after(countedFor, () => this.leave(name)));
      socket.once('close', () => this.leave(name));
      socket.off('error', ignore);
      this.letIn(socket);
    }
  }

  private take(): Waiting | undefined {
    if (this.first === this.waiting.length) {
      this.waiting = [];
      this.first = 0;
      return undefined;
    }
    this.newestNext = !this.newestNext;
    return this.newestNext ? this.waiting.pop() : this.waiting[this.first++];
  }
}

function ignore(): void {
  // `close` follows, and nobody is told of who did not get in
}
