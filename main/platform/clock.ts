/** The system's clock and its timezone. */
import { readlinkSync } from 'node:fs';
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

/**
 * The IANA name of this computer's timezone. Where the system says it in the usual way, ICU need not be asked: that alone
 * takes several MB. (https://www.freedesktop.org/software/systemd/man/latest/localtime.html; macOS links to /var/db/timezone/zoneinfo.)
 */
export function timezone(env: Readonly<Record<string, string | undefined>>, link = '/etc/localtime'): string {
  if (!env['TZ']) {
    try {
      const name = /\/zoneinfo\/(?:posix\/)?([A-Za-z]\w*(?:\/[\w+-]+)+|UTC)$/.exec(readlinkSync(link))?.[1];
      if (name !== undefined) return name === 'Etc/UTC' ? 'UTC' : name;
    } catch {
      // No such link: a container, or a system that keeps the name elsewhere.
    }
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
