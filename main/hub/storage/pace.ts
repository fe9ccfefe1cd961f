/** Nobody holds a file of hub storage open by sending or taking next to nothing. */
import type { Socket } from 'node:net';
import type { HubClock } from '../options.js';

/** Looked at this often, ms, and so many bytes must have passed since: 1 KiB/s. */
const lookEvery = 60_000;
const leastBytes = 60 * 1024;

/** Ends a connection that is too slow. @returns a function that ends the watch. */
export function watchPace(socket: Socket, clock: Pick<HubClock, 'after'>): () => void {
  let passed = socket.bytesRead + socket.bytesWritten;
  const look = (): void => {
    const now = socket.bytesRead + socket.bytesWritten;
    if (now - passed < leastBytes) {
      socket.destroy();
      return;
    }
    passed = now;
    cancel = clock.after(lookEvery, look);
  };
  let cancel = clock.after(lookEvery, look);
  return () => cancel();
}
