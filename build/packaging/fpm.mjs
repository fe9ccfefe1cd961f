#!/usr/bin/env node
// @ts-check
/**
 * Makes deb and rpm packages from what electron-builder tells fpm, with the distributions' own dpkg-deb and rpmbuild. For
 * machines where the fpm that electron-builder downloads cannot be had: CUSTOM_FPM_PATH=build/packaging/fpm.mjs.
 * It knows the options that electron-builder gives and refuses any other. https://fpm.readthedocs.io/en/latest/cli-reference.html
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, lutimesSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const text = /** @type {const} */ ({ type: 'string' });
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    input: { ...text, short: 's' }, target: { ...text, short: 't' }, depends: { ...text, short: 'd', multiple: true }, force: { type: 'boolean' },
    name: text, version: text, iteration: text, architecture: text, maintainer: text, vendor: text, url: text, license: text, category: text, description: text, package: text,
    'after-install': text, 'after-remove': text, 'before-install': text, 'before-remove': text,
    'deb-recommends': { ...text, multiple: true }, 'deb-priority': text, 'deb-compression': text,
    'rpm-os': text, 'rpm-compression': text, 'rpm-summary': text,
  },
});

const work = mkdtempSync(path.join(tmpdir(), 'holdfast-fpm-'));
try {
  const tree = path.join(work, 'tree');
  for (const pair of positionals) lay(tree, pair);
  if (process.env['SOURCE_DATE_EPOCH'] !== undefined) dateFiles(tree, Number(process.env['SOURCE_DATE_EPOCH']));
  if (values.target === 'deb') deb(tree);
  else if (values.target === 'rpm') rpm(tree);
  else throw new Error(`fpm.mjs makes deb and rpm, not ${values.target}`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** @param {string} tree @param {string} pair SOURCE=DESTINATION; a folder's contents go into the destination */
function lay(tree, pair) {
  const at = pair.lastIndexOf('=');
  const target = path.join(tree, pair.slice(at + 1));
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(pair.slice(0, at), target, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}

/** @param {string} name of an option that has to be there */
function need(/** @type {'name' | 'version' | 'architecture' | 'package' | 'maintainer'} */ name) {
  const value = values[name];
  if (value === undefined) throw new Error(`fpm.mjs needs --${name}`);
  return value;
}

/** Its first line is the summary. */
function description() {
  const lines = (values.description ?? need('name')).trim().split('\n').map((line) => line.trim());
  return { summary: lines[0] || need('name'), rest: lines.slice(1).filter((line) => line !== '') };
}

/** https://www.debian.org/doc/debian-policy/ch-controlfields.html @param {string} tree */
function deb(tree) {
  const { rest, summary } = description();
  const control = path.join(tree, 'DEBIAN');
  /** @type {[string, string | number | undefined][]} */
  const fields = [
    ['Package', need('name')], ['Version', [need('version'), values.iteration].filter(Boolean).join('-')], ['Architecture', need('architecture')],
    ['Maintainer', need('maintainer')], ['Installed-Size', Math.ceil(sizeOf(tree) / 1024)],
    ['Depends', values.depends?.join(', ')], ['Recommends', values['deb-recommends']?.join(', ')],
    ['Section', values.category ?? 'utils'], ['Priority', values['deb-priority'] ?? 'optional'], ['Homepage', values.url],
    ['Description', [summary, ...rest].join('\n ')],
  ];
  mkdirSync(control);
  writeFileSync(path.join(control, 'control'), fields.filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => `${name}: ${value}\n`).join(''));
  for (const [option, name] of /** @type {const} */ ([['before-install', 'preinst'], ['after-install', 'postinst'], ['before-remove', 'prerm'], ['after-remove', 'postrm']])) {
    const file = values[option];
    if (file === undefined) continue;
    cpSync(file, path.join(control, name));
    chmodSync(path.join(control, name), 0o755);
  }
  const compression = values['deb-compression'] ?? 'xz';
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression === 'gz' ? 'gzip' : compression}`, '--build', tree, need('package')], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** https://rpm-software-management.github.io/rpm/manual/spec.html @param {string} tree */
function rpm(tree) {
  const { rest, summary } = description();
  const literal = (/** @type {string} */ value) => value.replaceAll('%', '%%');
  const script = (/** @type {'before-install' | 'after-install' | 'before-remove' | 'after-remove'} */ option, /** @type {string} */ section) =>
    (values[option] === undefined ? '' : `\n%${section}\n${literal(readFileSync(values[option], 'utf8'))}\n`);
  const spec = [
    `Name: ${need('name')}`, `Version: ${need('version').replaceAll('-', '~')}`, `Release: ${values.iteration ?? '1'}`, `Summary: ${literal(values['rpm-summary'] ?? summary)}`,
    `License: ${values.license ?? 'unknown'}`, `Vendor: ${literal(values.vendor ?? need('maintainer'))}`, ...(values.url === undefined ? [] : [`URL: ${values.url}`]), 'AutoReqProv: no',
    ...(values.depends ?? []).map((one) => `Requires: ${one}`),
    '', '%description', literal([summary, ...rest].join('\n')),
    script('before-install', 'pre'), script('after-install', 'post'), script('before-remove', 'preun'), script('after-remove', 'postun'),
    '', '%files', '%defattr(-,root,root)', ...filesOf(tree).map((file) => `"/${literal(file)}"`), '',
  ].join('\n');
  writeFileSync(path.join(work, 'package.spec'), spec);
  const payload = { gz: 'w6.gzdio', gzip: 'w6.gzdio', zstd: 'w3.zstdio', none: 'w0.gzdio' }[values['rpm-compression'] ?? ''] ?? 'w6T0.xzdio';
  const define = (/** @type {string} */ macro) => ['--define', macro];
  execFileSync('rpmbuild', [
    '-bb', '--quiet', '--target', { amd64: 'x86_64', arm64: 'aarch64' }[need('architecture')] ?? need('architecture'), '--buildroot', tree,
    ...define(`_topdir ${work}/build`), ...define(`_rpmdir ${work}/out`), ...define(`_binary_payload ${payload}`),
    ...define('__os_install_post %{nil}'), ...define('_build_id_links none'),
    ...(process.env['SOURCE_DATE_EPOCH'] === undefined ? [] : [...define('use_source_date_epoch_as_buildtime 1'), ...define('_buildhost localhost')]),
    path.join(work, 'package.spec'),
  ], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [made] = filesOf(path.join(work, 'out'));
  if (made === undefined) throw new Error('rpmbuild made no package');
  const target = need('package');
  if (existsSync(target)) rmSync(target);
  try {
    renameSync(path.join(work, 'out', made), target);
  } catch {
    cpSync(path.join(work, 'out', made), target); // another file system
  }
}

/** Files and links below a folder, relative. @param {string} folder @returns {string[]} */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !lstatSync(path.join(folder, name)).isDirectory()).sort();
}

/** rpmbuild can clamp times too, but takes 0 for none. @param {string} folder @param {number} seconds since the epoch, which nothing may be newer than */
function dateFiles(folder, seconds) {
  for (const name of filesOf(folder)) {
    const file = path.join(folder, name);
    if (lstatSync(file).mtimeMs > seconds * 1000) lutimesSync(file, seconds, seconds);
  }
}

/** @param {string} folder */
function sizeOf(folder) {
  return filesOf(folder).reduce((sum, file) => sum + lstatSync(path.join(folder, file)).size, 0);
}
