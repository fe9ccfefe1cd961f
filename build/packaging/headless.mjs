// @ts-check
/**
 * npm run package:headless: the `holdfast` command without a desktop, for servers, as dist/holdfast-headless-VERSION-OS-ARCH.tgz.
 * It holds what it needs of node_modules, for the system it is made on, and runs on any Node that Holdfast supports:
 * a hub's install.sh unpacks it.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../checkout.mjs';
import { complain, say, Trouble } from '../say.mjs';
import { archive } from './archive.mjs';
import { licences } from './licences.mjs';

/** What only the app and its pages need. */
const ofTheApp = new Set(['electron-store', 'react', 'react-dom', 'react-aria-components']);
const notPacked = /\.(map|md|markdown|d\.ts|d\.mts|d\.cts|c|cc|cpp|h|gyp|gypi)$/;
/** Native modules bring binaries for every platform. @param {string} file */
const foreign = (file) => {
  const match = /node_modules\/keytar\/(prebuilds\/([^/]+)|src|script|build)(\/|$)/.exec(file);
  return (match !== null && match[2] !== `${process.platform}-${process.arch}`) || /node_modules\/koffi\/(vendor|doc)(\/|$)/.test(file);
};

/** The folder from which `from` would load `name`, by Node's rules; null for an optional one that is not here. @param {string} name @param {string} from */
function folderOf(name, from) {
  for (let folder = from; folder.startsWith(inRoot()); folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(candidate, 'package.json'))) return candidate;
  }
  return null;
}

/** @param {string[]} names @returns {Set<string>} folders of these packages and of all that they need */
function closure(names) {
  /** @type {Set<string>} */
  const folders = new Set();
  /** @param {string} name @param {string} from @param {boolean} optional */
  const add = (name, from, optional) => {
    const folder = folderOf(name, from);
    if (folder === null) {
      if (optional) return;
      throw new Trouble(`${name} is not installed. Run npm install.`);
    }
    if (folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    for (const each of Object.keys(dependencies)) add(each, folder, each in optionalDependencies);
    for (const each of Object.keys(optionalDependencies)) add(each, folder, true);
    for (const each of Object.keys(peerDependencies)) add(each, folder, peerDependenciesMeta[each]?.optional === true);
  };
  for (const name of names) add(name, inRoot(), false);
  return folders;
}

/** What had to be built is built: nothing is run when npm installs the package. @param {string} file */
function withoutScripts(file) {
  const { scripts: _scripts, gypfile: _gypfile, ...about } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, `${JSON.stringify(about, null, 2)}\n`);
}

async function pack() {
  const own = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  const names = Object.keys(own.dependencies).filter((name) => !ofTheApp.has(name));
  for (const needed of ['out/main/cli/holdfast.js', 'out/renderer/dashboard/index.html']) {
    if (!existsSync(inRoot(needed))) throw new Trouble(`${needed} is missing. Run npm run build first.`);
  }
  const folder = path.resolve(process.argv[2] ?? inRoot('dist'));
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(path.join(folder, '.headless-'));
  try {
    const root = path.join(work, 'package');
    const built = inRoot('out', 'main');
    cpSync(built, path.join(root, 'out', 'main'), { recursive: true, filter: (from) => ![path.join(built, 'desktop'), path.join(built, 'app.js')].includes(from) && !notPacked.test(from) });
    cpSync(inRoot('out', 'renderer', 'dashboard'), path.join(root, 'out', 'renderer', 'dashboard'), { recursive: true });
    for (const from of closure(names)) {
      const to = path.join(root, path.relative(inRoot(), from));
      // What lies in its own node_modules comes by itself, where it is needed.
      cpSync(from, to, { recursive: true, dereference: true, filter: (file) => !file.startsWith(path.join(from, 'node_modules')) && !notPacked.test(file) && !foreign(file) });
      withoutScripts(path.join(to, 'package.json'));
    }
    writeFileSync(path.join(root, 'LICENSES.txt'), licences());
    writeFileSync(path.join(root, 'package.json'), `${JSON.stringify({
      name: own.name, version: own.version, description: own.description, license: own.license, author: own.author, type: 'module', engines: own.engines,
      os: [process.platform], cpu: [process.arch], bin: own.bin,
      dependencies: Object.fromEntries(names.map((name) => [name, own.dependencies[name]])), bundleDependencies: names,
    }, null, 2)}\n`);
    const file = `holdfast-headless-${own.version}-${process.platform}-${process.arch}.tgz`;
    await archive(path.join(work, file), work, 'package');
    renameSync(path.join(work, file), path.join(folder, file));
    say(path.join(folder, file));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

await pack().catch((error) => {
  complain(error);
  process.exitCode = 1;
});
