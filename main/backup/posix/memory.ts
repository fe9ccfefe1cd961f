/** Keeps what the C library's allocator holds back small. */
import { createRequire } from 'node:module';

/** Facts: malloc.h of the GNU C library. */
const trimThreshold = -1;
const mmapThreshold = -3;
const arenaMax = -8;
const kibibyte = 1024;

let done = false;

/**
 * glibc keeps a heap for each thread and gives freed memory back late. Buffers of a backup are large and short-lived, so each
 * gets pages of its own, which go back at once. To be called before threads start; elsewhere than on glibc it does nothing.
 */
export function calmAllocator(): void {
  if (done || process.platform !== 'linux') return;
  done = true;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as { load(name: null): { func(declaration: string): (parameter: number, value: number) => number } };
    const mallopt = koffi.load(null).func('int mallopt(int parameter, int value)');
    mallopt(arenaMax, 2);
    mallopt(mmapThreshold, 64 * kibibyte);
    mallopt(trimThreshold, 64 * kibibyte);
  } catch {
    // it only saves memory
  }
}
