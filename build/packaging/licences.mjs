// @ts-check
/** The licences of everything that a package bundles, as one text. Electron's and Chromium's own files lie beside the executable. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../checkout.mjs';
import { Trouble } from '../say.mjs';

/** Licences that allow bundling with a program under the MIT licence, and ask for no more than their text. */
const fitting = new Set(['MIT', 'MIT-0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0', 'Unlicense', 'CC0-1.0', 'BlueOak-1.0.0', 'Python-2.0', 'WTFPL']);

/** Packages that do not name their licence in the usual place: what their own file says, looked at by a person, for this version only. */
const looked = new Map([
  ['@nornagon/put@0.0.8', 'MIT'],
  ['jsbi@2.0.5', 'Apache-2.0'],
  ['map-stream@0.1.0', 'MIT'],
  ['pause-stream@0.0.11', 'MIT OR Apache-2.0'],
]);

/** @typedef {{name: string, version: string, licence: string, folder: string}} Bundled */

/** What pages import: installed for development, and inside their bundles. */
const inPages = ['react', 'react-dom', 'react-aria-components'];

/** What is installed for production, and what is in the pages' bundles, by the lock file. @returns {Bundled[]} */
export function bundled() {
  const { packages } = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
  const pages = closure(packages, inPages);
  return Object.entries(packages)
    .filter(([where, { dev, link }]) => where !== '' && (dev !== true || pages.has(where)) && link !== true && existsSync(inRoot(where, 'package.json')))
    .map(([where, { version }]) => {
      const own = JSON.parse(readFileSync(inRoot(where, 'package.json'), 'utf8'));
      const licence = looked.get(`${own.name}@${version}`) ?? (typeof own.license === 'string' ? own.license : own.licenses?.[0]?.type ?? '');
      return { name: own.name, version, licence, folder: inRoot(where) };
    })
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
}

/**
 * Places of these packages and of all that they need, by Node's rules.
 * @param {Record<string, {dependencies?: Record<string, string>}>} packages of the lock file
 * @param {string[]} names
 */
function closure(packages, names) {
  /** @type {Set<string>} */
  const found = new Set();
  /** @param {string} name @param {string} from */
  const add = (name, from) => {
    const folders = from.split('/node_modules/');
    const candidates = folders.map((_, count) => [...folders.slice(0, folders.length - count), name].join('/node_modules/')).concat(`node_modules/${name}`);
    const where = candidates.find((place) => place in packages);
    if (where === undefined || found.has(where)) return;
    found.add(where);
    for (const each of Object.keys(packages[where]?.dependencies ?? {})) add(each, where);
  };
  for (const name of names) add(name, '');
  return found;
}

/** @throws Trouble for a package whose licence is missing or not one that fits. @returns {string} */
export function licences() {
  const all = bundled();
  const strangers = all.filter(({ licence }) => !isFitting(licence));
  if (strangers.length > 0) throw new Trouble(`These packages may not be bundled, or their licence has to be looked at first: ${strangers.map(({ licence, name }) => `${name} (${licence || 'none'})`).join(', ')}.`);
  const parts = all.map(({ folder, licence, name, version }) => `${name} ${version} (${licence})\n\n${textOf(folder) ?? `No text of its own; see https://spdx.org/licenses/${licence}.html`}`);
  const line = `\n\n${'-'.repeat(80)}\n\n`;
  return `${['Holdfast contains the following packages. Its own licence comes first.', `Holdfast (MIT)\n\n${readFileSync(inRoot('LICENSE'), 'utf8').trim()}`, ...parts].join(line)}\n`;
}

/** @param {string} licence an SPDX expression */
function isFitting(licence) {
  const choices = licence.replace(/[()]/g, '').split(/ OR /i);
  return choices.some((choice) => choice.split(/ AND /i).every((one) => fitting.has(one.trim())));
}

/** @param {string} folder */
function textOf(folder) {
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  return files.length === 0 ? undefined : files.map((name) => readFileSync(path.join(folder, name), 'utf8').trim()).join('\n\n');
}
