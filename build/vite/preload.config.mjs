// @ts-check
import { defineConfig } from 'vite';
import { inRoot } from '../checkout.mjs';

/** The bridge: one CommonJS file, because a sandboxed preload can be nothing else. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: inRoot('out', 'preload'),
    emptyOutDir: true,
    target: 'chrome130',
    minify: false,
    lib: { entry: inRoot('preload', 'preload.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
});
