/** Makes the calling thread polite: lowest CPU priority and, on Linux, idle disk priority. */
import { createRequire } from 'node:module';
import { setPriority, constants } from 'node:os';

const ioprioSet: Record<string, number> = { x64: 251, arm64: 30 };
const idleClass = 3 << 13;
const wholeProcess = 1;

export function lowerPriority(): void {
  try {
    // on Linux this is the calling thread's own priority: setpriority(2), "C library/kernel differences"
    if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);
    const call = ioprioSet[process.arch];
    if (process.platform !== 'linux' || call === undefined) return;
    const koffi = createRequire(import.meta.url)('koffi') as { load(name: null): { func(declaration: string): (...args: number[]) => number } };
    koffi.load(null).func('long syscall(long number, int which, int who, int priority)')(call, wholeProcess, 0, idleClass);
  } catch {
    // politeness is not worth failing for
  }
}
