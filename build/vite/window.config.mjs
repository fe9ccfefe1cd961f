// @ts-check
import { defineConfig } from 'vite';
import { page } from './page.mjs';

/** The app's window, opened by Electron 33 and newer. */
export default defineConfig(page('window', 'chrome130'));
