/** A TCP proxy that cuts, stalls and restores connections to order. TLS passes through it untouched. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface CutProxy {
  readonly port: number;
  /** Resets every connection. */
  cut(): void;
  /** From now on nothing passes on the connections there are, and nobody is told: a network that went away. */
  stall(): void;
  /** Refuses new connections while true. */
  refusing: boolean;
  connections(): number;
}

export async function cutProxy(targetPort: number | (() => number)): Promise<CutProxy> {
  const pairs = new Set<{ near: Socket; far: Socket }>();
  const proxy = { refusing: false };
  const server = createServer({ allowHalfOpen: false }, (near) => {
    if (proxy.refusing) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(typeof targetPort === 'number' ? targetPort : targetPort(), '127.0.0.1');
    const pair = { near, far };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const stalled: Socket[] = [];
  onTestFinished(async () => {
    for (const { near, far } of pairs) for (const socket of [near, far]) socket.destroy();
    for (const socket of stalled) socket.destroy();
    await new Promise<void>((resolve) => { server.close(() => resolve()); });
  });
  return Object.assign(proxy, {
    port: (server.address() as AddressInfo).port,
    connections: () => pairs.size,
    cut: () => {
      for (const { near, far } of [...pairs]) {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }
    },
    stall: () => {
      for (const pair of pairs) {
        pairs.delete(pair);
        for (const socket of [pair.near, pair.far]) {
          socket.unpipe();
          socket.removeAllListeners('close');
          socket.pause();
          stalled.push(socket);
        }
      }
    },
  });
}
