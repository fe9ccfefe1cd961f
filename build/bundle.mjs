// @ts-check
/**
 * Bundles what is started often into few files, because loading two hundred modules costs more than most commands do: each
 * entry in place of the file that tsc made of it, what they share below out/main/chunks. Everything else in out/main stays
 * as tsc made it, and would work alone. Only what nothing imports may be an entry: a module must not be there twice.
 */
import { chmodSync, rmSync } from 'node:fs';
import path from 'node:path';
import { rolldown, watch } from 'rolldown';
import { inRoot } from './checkout.mjs';

/** Started as a process or a thread. Relative to main/. */
const entries = ['cli/holdfast', 'backup/thread/conductor', 'backup/workers/entry'];

/** Packages that go into the bundle: pure JavaScript that nearly every start needs. All others are loaded as packages. */
const inside = /^(zod|commander|croner|ws)($|\/)/;

/** What a module says of its own place must stay true wherever the bundle puts it. */
const ownPlace = {
  name: 'own-place',
  /** @param {string} code @param {string} id */
  transform(code, id) {
    if (!id.startsWith(inRoot('main')) || !code.includes('import.meta.')) return null;
    const compiled = JSON.stringify(path.relative(inRoot('main'), id).replace(/\.ts$/, '.js'));
    return code.replaceAll('import.meta.url', `placeOf(${compiled}).href`)
      .replaceAll('import.meta.dirname', `decodeURIComponent(placeOf(${JSON.stringify(path.dirname(JSON.parse(compiled)))}).pathname)`);
  },
};

/** @param {{fileName: string}} chunk */
function banner({ fileName }) {
  const root = path.posix.relative(path.posix.dirname(`main/${fileName}`), 'main') || '.';
  return `const placeOf = (path) => new URL('${root}/' + path, import.meta.url);`;
}

/** @type {import('rolldown').RolldownOptions & {output: import('rolldown').OutputOptions}} */
const options = {
  input: Object.fromEntries(entries.map((entry) => [entry, inRoot('main', `${entry}.ts`)])),
  platform: 'node',
  external: (id) => !id.startsWith('.') && !path.isAbsolute(id) && !inside.test(id),
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  plugins: [ownPlace],
  output: { dir: inRoot('out', 'main'), format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', banner },
};

/** Bundles once. */
async function bundleMain() {
  rmSync(inRoot('out', 'main', 'chunks'), { recursive: true, force: true });
  const bundle = await rolldown(options);
  await bundle.write(options.output);
  await bundle.close();
  chmodSync(inRoot('out', 'main', 'cli', 'holdfast.js'), 0o755);
}

// --watch: again on every change, until a signal ends it
if (process.argv.includes('--watch')) watch(options);
else await bundleMain();
