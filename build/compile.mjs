// @ts-check
/** The steps from sources to out/. Each is skipped when its inputs and its output are as it left them. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './checkout.mjs';
import { mustRun } from './run.mjs';
import { say, secondsSince } from './say.mjs';
import { filesBelow, fingerprint, isStamped, stamp } from './setup/fingerprint.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} doing what it says while it works
 * @property {string[]} inputs files and folders whose change makes it work again
 * @property {string[]} outputs files that must be there for it to be skipped
 * @property {() => Promise<void>} work
 */

const tools = ['package-lock.json', 'tsconfig.base.json'];
const nodeScript = (/** @type {string} */ script) => inRoot('node_modules', script);
const chunks = path.join('out', 'main', 'chunks');
const assembly = path.join('main', 'backup', 'wasm', 'assembly');

/** Files of main/ that are read at run time as they are. */
const assets = () => filesBelow(['main']).filter((file) => !/\.tsx?$/.test(file) && !file.startsWith(assembly));

/** The folders of renderer/ that are a page of their own. */
export function pages() {
  return readdirSync(inRoot('renderer')).filter((name) => existsSync(inRoot('renderer', name, 'index.html')));
}

/** @param {string} name also that of its configuration @param {string} doing @param {string[]} inputs @param {string} output @returns {Step} */
function bundle(name, doing, inputs, output) {
  const configFile = path.join('build', 'vite', `${name}.config.mjs`);
  return {
    name,
    doing,
    inputs: [...tools, 'build/vite', 'tsconfig.web.json', 'main/shared', ...inputs],
    outputs: [output],
    work: async () => {
      await mustRun(doing, process.execPath, [nodeScript('vite/bin/vite.js'), 'build', '--config', configFile, '--logLevel', 'warn'], { cwd: inRoot() });
    },
  };
}

/** @type {Step[]} */
export const steps = [
  {
    name: 'wasm',
    doing: 'compiling the WebAssembly kernel',
    inputs: [...tools, 'build/wasm.mjs', assembly],
    outputs: ['out/main/backup/wasm/kernel.wasm'],
    work: async () => {
      await mustRun('compiling the WebAssembly kernel', process.execPath, ['build/wasm.mjs'], { cwd: inRoot() });
    },
  },
  {
    name: 'main',
    doing: 'compiling main',
    inputs: [...tools, 'tsconfig.main.json', 'build/bundle.mjs', 'main'],
    outputs: ['out/main/shared/errors.js', chunks],
    work: async () => {
      if (!existsSync(inRoot('out', 'main', 'shared'))) rmSync(inRoot('out', 'main.tsbuildinfo'), { force: true });
      await mustRun('compiling main', process.execPath, [nodeScript('typescript/bin/tsc'), '-p', 'tsconfig.main.json', '--pretty', 'false'], { cwd: inRoot() });
      removeOrphans();
      for (const file of assets()) copy(file, path.join('out', file));
      // a process of its own, because this file is loaded before the packages are there
      await mustRun('bundling main', process.execPath, ['build/bundle.mjs'], { cwd: inRoot() });
    },
  },
  bundle('preload', 'bundling the preload', ['preload'], 'out/preload/preload.cjs'),
  ...pages().map((name) => bundle(name, `bundling the ${name}`, [`renderer/${name}`, 'renderer/components', 'renderer/tokens.css'], `out/renderer/${name}/index.html`)),
  {
    name: 'icons',
    doing: 'copying the icons',
    inputs: ['build/icons/png'],
    outputs: ['out/icons/app.png'],
    work: async () => {
      rmSync(inRoot('out', 'icons'), { recursive: true, force: true });
      for (const file of filesBelow(['build/icons/png'])) copy(file, path.join('out', 'icons', path.relative('build/icons/png', file)));
    },
  },
];

/**
 * Brings out/ up to date.
 * @param {readonly string[]} [only] names of steps; all of them when empty
 * @returns {Promise<void>}
 */
export async function compile(only = []) {
  const due = steps.filter((step) => (only.length === 0 || only.includes(step.name)) && !upToDate(step));
  // The compiler of main takes as long as all the bundles together: two lanes fill two cores.
  const lanes = [due.filter(({ name }) => name === 'wasm' || name === 'main'), due.filter(({ name }) => name !== 'wasm' && name !== 'main')];
  const ends = await Promise.allSettled(lanes.map(async (lane) => {
    for (const step of lane) await finish(step);
  }));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** @param {Step} step */
async function finish(step) {
  const start = performance.now();
  const print = fingerprint(step.inputs);
  await step.work();
  stamp(step.name, print);
  say(`${step.doing}: done in ${secondsSince(start)}`);
}

/** @param {Step} step */
function upToDate(step) {
  return step.outputs.every((output) => existsSync(inRoot(output))) && isStamped(step.name, fingerprint(step.inputs));
}

/** Removes compiled files whose source is gone: a stray import of one would work here and nowhere else. */
function removeOrphans() {
  for (const file of filesBelow(['out/main'])) {
    if (!file.endsWith('.js') || file.startsWith(chunks)) continue;
    const source = path.relative('out', file).replace(/\.js$/, '');
    if (!['.ts', '.js'].some((extension) => existsSync(inRoot(source + extension)))) rmSync(inRoot(file));
  }
}

/** @param {string} from @param {string} to both relative to the checkout */
function copy(from, to) {
  mkdirSync(path.dirname(inRoot(to)), { recursive: true });
  copyFileSync(inRoot(from), inRoot(to));
}
