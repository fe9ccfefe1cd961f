// @ts-check
import react from '@vitejs/plugin-react';
import { inRoot } from '../checkout.mjs';

/**
 * The bundle of one page: relative addresses, so that it loads from app:// and from any path of the hub; no inlined
 * scripts or data: addresses, so that the strict content security policy holds.
 * @param {string} name folder of renderer/
 * @param {string} target the oldest engine that opens it
 * @returns {import('vite').UserConfig}
 */
export const page = (name, target) => ({
  root: inRoot('renderer', name),
  base: './',
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: inRoot('out', 'renderer', name),
    emptyOutDir: true,
    target,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
});
