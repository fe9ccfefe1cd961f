import { defineConfig } from 'vitest/config';

/** `npm run test:packages`: needs root, the network, debootstrap, rpm and p7zip-full; takes several minutes. */
export default defineConfig({
  test: {
    include: ['test/packaging/**/*.test.ts'],
    globalSetup: ['test/packaging/build-packages.ts'],
    testTimeout: 15 * 60_000,
    hookTimeout: 15 * 60_000,
    fileParallelism: false,
    // They share one root: after a failure it is no longer clean.
    bail: 1,
    reporters: ['verbose'],
    allowOnly: false,
  },
});
