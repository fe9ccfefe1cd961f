/** Takes a stream to the engine's thread through memory that both share: a copy of each piece would be garbage on both sides. */

import { garbageMeter } from '../../backup/workers/collect.js';

/** Tools write small pieces, and each one makes a round trip to the engine's thread. */
const gathered = 512 * 1024;

/**
 * Each piece is valid until the next one is asked for: the engine has taken it into its chunker by then.
 * @yields the same bytes, in larger pieces
 */
export async function* handedOver(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const shared = new Uint8Array(new SharedArrayBuffer(gathered));
  const garbage = garbageMeter();
  let filled = 0;
  for await (const piece of pieces) {
    garbage(piece.length);
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + gathered - filled);
      shared.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < gathered) continue;
      yield shared;
      filled = 0;
    }
  }
  if (filled > 0) yield shared.subarray(0, filled);
}
