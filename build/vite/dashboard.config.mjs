// @ts-check
import { defineConfig } from 'vite';
import { page } from './page.mjs';

/** The hub's web page, opened by whatever browser an office has. */
export default defineConfig(page('dashboard', 'es2022'));
