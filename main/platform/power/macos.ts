/** macOS tells by `pmset` what it runs on. Whether a network is metered it tells no program outside its own frameworks. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SystemPower } from './linux.js';

const run = promisify(execFile);

/** `pmset -g batt` begins with: Now drawing from 'Battery Power' */
export const drawsFromBattery = (report: string): boolean => /^Now drawing from 'Battery Power'/m.test(report);

export function macPower(): SystemPower {
  return {
    isOnBattery: async () => {
      try {
        return drawsFromBattery((await run('/usr/bin/pmset', ['-g', 'batt'], { timeout: 5_000 })).stdout);
      } catch {
        return false; // a Mac without a battery, or without pmset
      }
    },
    isMetered: () => Promise.resolve(false),
    watch: () => undefined,
    stop: () => undefined,
  };
}
