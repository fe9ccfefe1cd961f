/** One JSON object per line over a local socket: the framing that both sides share. */
import type { Socket } from 'node:net';

/** A line longer than this ends the connection, bytes. The state of an agent with a thousand jobs fits. */
const longestLine = 16 * 1024 * 1024;

/** Calls `onLine` for every line. @param onBroken the peer does not keep to the framing; the socket should be destroyed. */
export function readLines(socket: Socket, onLine: (line: string) => void, onBroken: () => void): void {
  let parts: string[] = [];
  let length = 0;
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => {
    let start = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', start)) {
      const line = parts.join('') + piece.slice(start, end);
      parts = [];
      length = 0;
      start = end + 1;
      if (line !== '') onLine(line);
    }
    if (start < piece.length) parts.push(piece.slice(start));
    length += piece.length - start;
    if (length > longestLine) onBroken();
  });
}

export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export const writeLine = (socket: Socket, value: unknown): void => {
  if (!socket.destroyed) socket.write(`${JSON.stringify(value)}\n`);
};
