import { defineConfig } from 'vitest/config';

/** Not part of the suite: it takes minutes and measures. `npm run bench -- --sets destinations` runs it. */
export default defineConfig({ test: { include: ['test/bench/destinations/*.test.ts'], testTimeout: 1_800_000, hookTimeout: 300_000, fileParallelism: false } });
