/**
 * Large buffers outside of the heap weigh nothing on it, so the collector lets dozens of megabytes of them pile up in every
 * thread. A young collection takes about a millisecond and frees them; it is asked for after every few megabytes.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const every = 12 * 1024 * 1024;

/** @returns told of bytes that became garbage */
export function garbageMeter(): (bytes: number) => void {
  let collect: ((options: { type: 'minor' }) => void) | null = null;
  try {
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext('typeof gc === "function" ? gc : null');
    if (typeof found === 'function') collect = (options) => { Reflect.apply(found, undefined, [options]); };
  } catch {
    // the collector does as it likes, then
  }
  let gathered = 0;
  return (bytes) => {
    gathered += bytes;
    if (gathered < every) return;
    gathered = 0;
    collect?.({ type: 'minor' });
  };
}
