// @ts-check
/**
 * npm run build [-- STEP ...]    brings out/ up to date; steps: wasm main preload window ... icons
 * npm run build -- --watch       and keeps it so
 */
import { spawn } from 'node:child_process';
import { inRoot } from './checkout.mjs';
import { compile, pages, steps } from './compile.mjs';
import { Trouble, complain, say } from './say.mjs';
import { alone } from './setup/lock.mjs';

/** Rebuilds on every change until a signal ends it. @returns {Promise<void>} */
async function watch() {
  const vite = (/** @type {string} */ config) => ['node_modules/vite/bin/vite.js', 'build', '--watch', '--logLevel', 'warn', '--config', `build/vite/${config}.config.mjs`];
  const watchers = [
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.main.json', '--watch', '--preserveWatchOutput'],
    ['build/bundle.mjs', '--watch'],
    ...['preload', ...pages()].map(vite),
  ].map((args) => spawn(process.execPath, args, { cwd: inRoot(), stdio: ['ignore', 'inherit', 'inherit'] }));
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => watchers.forEach((child) => child.kill(signal)));
  await Promise.all(watchers.map((child) => new Promise((resolve) => child.once('close', resolve))));
}

const args = process.argv.slice(2);
const names = args.filter((argument) => !argument.startsWith('--'));
const unknown = names.find((name) => !steps.some((step) => step.name === name));
try {
  if (unknown !== undefined) throw new Trouble(`There is no build step "${unknown}". The steps are: ${steps.map((step) => step.name).join(', ')}.`);
  await alone(() => compile(names));
  if (args.includes('--watch')) await watch();
  else say('out/ is up to date');
} catch (error) {
  complain(error);
  process.exitCode = 1;
}
