import { defineConfig } from 'vitest/config';

/** Not part of the suite: it takes minutes and measures. See docs/sources.md. */
export default defineConfig({ test: { include: ['test/bench/sources/*.test.ts'], testTimeout: 1_800_000, hookTimeout: 300_000, fileParallelism: false } });
