import { defineConfig } from 'vitest/config';

/** One vitest project per kind of test; build/testing/vitest.mjs says in which order. Times are limits in milliseconds, never assertions. */
const project = (name: string, testTimeout: number, oneFileAtATime = false) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.{ts,tsx}`],
    exclude: ['**/fixtures/**'],
    environment: 'node',
    pool: 'forks' as const,
    testTimeout,
    hookTimeout: testTimeout,
    teardownTimeout: 10_000,
    fileParallelism: !oneFileAtATime,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000),
      project('integration', 60_000),
      project('interop', 180_000),
      // One desktop, one tray, one keyboard focus: e2e tests take turns.
      project('e2e', 120_000, true),
      // Not part of `npm test`: npm run test:faults.
      project('faults', 180_000, true),
    ],
    // Most of them wait: for servers, locks and timers. On two cores a third keeps both busy.
    maxWorkers: 3,
    allowOnly: false,
  },
});
