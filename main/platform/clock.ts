/** The system's clock. */
import type { Clock } from '../agent/ports.js';

/** setTimeout takes no more, ms: 24 days. */
const longest = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer = setTimeout(() => (left > longest ? wait(left - longest) : callback()), Math.min(left, longest));
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
