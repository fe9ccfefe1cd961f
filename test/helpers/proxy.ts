/** A TCP proxy that misbehaves as told: latency, stalls, resets, limits. It listens on the loopback address. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Mischief {
  /** Milliseconds added to each direction. */
  latency?: number;
  /** Bytes per second, each direction. */
  rate?: number;
  /** After so many bytes from the client on one connection: `reset` breaks it, `stall` swallows everything from then on without a word. */
  after?: { bytes: number; what: 'reset' | 'stall'; /** How often; default for ever. */ times?: number };
  /** New connections are taken and broken at once. */
  refuse?: boolean;
  /** Each piece breaks the connection with this probability; the same run for the same seed. */
  breakChance?: number;
}

export class Proxy {
  /** What it does at this moment: change it at any time. */
  mischief: Mischief = {};
  readonly port: number;
  /** Bytes that came from clients, and connections that were made. */
  received = 0;
  connections = 0;
  broken = 0;
  /** How often a client spoke after its server had: with `connections`, the round trips, of which several may be under way at once. */
  turns = 0;
  private readonly sockets = new Set<Socket>();
  private seed = 42;

  private constructor(private readonly server: Server, private readonly targetPort: number) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    this.port = address.port;
    server.on('connection', (client) => this.serve(client));
  }

  static async to(targetPort: number): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Proxy(server, targetPort);
  }

  /** Breaks all connections there are. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
    this.sockets.clear();
  }

  async stop(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private serve(client: Socket): void {
    this.connections++;
    if (this.mischief.refuse) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.targetPort, '127.0.0.1');
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.sockets.delete(socket));
    }
    let sent = 0;
    let wasAnswered = true;
    const allowed = (bytes: number): 'go' | 'stall' | 'reset' => {
      sent += bytes;
      this.received += bytes;
      if (wasAnswered) this.turns++;
      wasAnswered = false;
      const { after, breakChance = 0 } = this.mischief;
      if (breakChance > 0 && this.random() < breakChance) return 'reset';
      if (!after || sent < after.bytes || after.times === 0) return 'go';
      if (after.times !== undefined) after.times--;
      this.broken++;
      return after.what;
    };
    const end = (): void => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    };
    void this.pump(client, server, allowed, end);
    void this.pump(server, client, () => { wasAnswered = true; return 'go'; }, end);
  }

  /** Pieces keep their order; each waits for its time, while later ones are read already. */
  private async pump(from: Socket, to: Socket, allowed: (bytes: number) => 'go' | 'stall' | 'reset', end: () => void): Promise<void> {
    let line: Promise<unknown> = Promise.resolve();
    let free = Date.now();
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        const verdict = allowed(piece.length);
        if (verdict === 'reset') return end();
        if (verdict === 'stall') {
          from.pause();
          return;
        }
        const { latency = 0, rate } = this.mischief;
        if (rate !== undefined) {
          free = Math.max(free, Date.now()) + (piece.length / rate) * 1000;
          await sleep(Math.max(0, free - Date.now()));
        }
        const due = Date.now() + latency;
        line = line.then(() => sleep(Math.max(0, due - Date.now()))).then(() => {
          if (!to.writable) return;
          to.write(piece);
        });
      }
      await line;
      to.end();
    } catch {
      to.destroy();
    }
  }

  private random(): number {
    this.seed = (Math.imul(this.seed, 1103515245) + 12345) & 0x7fffffff;
    return this.seed / 0x7fffffff;
  }
}
