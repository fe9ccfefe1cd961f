/**
 * Sites and SQLite files below folders. Bounded in depth, entries and time; follows no link and enters no other file system. Entries
 * are told apart by what their folder says of them, so that a dead mount is not even touched.
 */
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Discovery, Proposal } from '../../../shared/discovery.js';
import { asHoldfastError } from '../../../shared/errors.js';
import { laravelSource, serverText, sqliteSource, wordpressSource } from '../../../shared/sources.js';
import { readLaravel } from '../laravel/laravel.js';
import { findWordpressConfig, readWordpressConfig } from '../wordpress/wordpress.js';
import { mountsHere, type Mounts } from './mounts.js';

export interface SearchLimits {
  /** Folders below the one that was named. */
  readonly depth: number;
  /** Files and folders that are looked at. */
  readonly entries: number;
  /** ms for all folders together. */
  readonly time: number;
  /** SQLite files that are told. */
  readonly files: number;
}

const usual: SearchLimits = { depth: 6, entries: 200_000, time: 10_000, files: 50 };

/** Nothing of a person's own is in them. Hidden folders are left out too: programs keep hundreds of databases there. */
const uninteresting = new Set(['node_modules', 'vendor', 'Library', 'lost+found', 'proc', 'sys', 'dev']);
const sqliteName = /\.(sqlite3?|db3?)$/i;
const sqliteMagic = Buffer.from('SQLite format 3\0');

interface Search {
  readonly limits: SearchLimits;
  readonly mounts: Mounts;
  readonly proposals: Proposal[];
  readonly notes: string[];
  readonly signal: AbortSignal;
  left: number;
  files: number;
  full: boolean;
}

export async function searchFolders(folders: readonly string[], change: Partial<SearchLimits> = {}, signal?: AbortSignal): Promise<Discovery> {
  const limits = { ...usual, ...change };
  const notes: string[] = [];
  if (folders.length === 0) return { proposals: [], notes };
  const limit = AbortSignal.timeout(limits.time);
  const search: Search = { limits, mounts: await mountsHere(), proposals: [], notes, signal: signal ? AbortSignal.any([signal, limit]) : limit, left: limits.entries, files: 0, full: false };
  // What hangs below is left to itself: this answers when the time is over.
  const over = new Promise<void>((resolve) => { search.signal.addEventListener('abort', () => { resolve(); }, { once: true }); });
  const all = (async () => {
    for (const folder of folders) {
      const remote = search.mounts.remoteKind(folder);
      if (remote === null) await searchFolder(folder, search);
      else notes.push(`${folder} is on a network file system (${remote}) and was not searched.`);
    }
  })();
  await Promise.race([all, over]);
  if (search.signal.aborted || search.left <= 0) notes.push('The folders hold more than was searched. Name the folders of your sites and databases themselves.');
  if (search.full) notes.push(`There are more than ${limits.files} SQLite files; the first ones are told.`);
  return { proposals: [...search.proposals], notes: [...notes] };
}

/** Level by level, so that what is near is found before the limits are reached. */
async function searchFolder(top: string, search: Search): Promise<void> {
  let level = [top];
  for (let depth = 0; depth <= search.limits.depth && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of level) {
      if (search.signal.aborted || search.left <= 0) return;
      next.push(...await look(folder, search, folder === top));
    }
    level = next;
  }
}

/** @returns the folders to look into next */
async function look(folder: string, search: Search, isTop: boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (entries === null) {
    if (isTop) search.notes.push(`${folder} is not there or may not be read.`);
    return [];
  }
  search.left -= entries.length;
  const files = new Set(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name));
  if (files.has('wp-settings.php') && await wordpress(folder, search)) return [];
  if (files.has('artisan') && files.has('.env') && await laravel(folder, search)) return [];
  for (const entry of entries) if (entry.isFile() && sqliteName.test(entry.name)) await sqlite(path.join(folder, entry.name), search);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !uninteresting.has(entry.name))
    .map(({ name }) => path.join(folder, name)).filter((each) => !search.mounts.isMountPoint(each));
}

async function wordpress(folder: string, { notes, proposals, signal }: Search): Promise<boolean> {
  try {
    const file = await findWordpressConfig(folder);
    if (file === null) return false; // unpacked, but not installed
    const { database, host } = await readWordpressConfig(file);
    if (!signal.aborted) proposals.push({ source: wordpressSource.parse({ type: 'wordpress', folder }), sentence: `A WordPress site is in ${folder}; its files and its database "${database}" at ${host} would be one snapshot.` });
  } catch (thrown) {
    notes.push(`A WordPress site is in ${folder}, but its database is not known: ${asHoldfastError(thrown).message}`);
  }
  return true;
}

async function laravel(folder: string, { notes, proposals, signal }: Search): Promise<boolean> {
  try {
    const database = await readLaravel(folder);
    const what = database.type === 'server' ? `and its database "${database.source.databases?.[0] ?? ''}" at ${serverText(database.source)} `
      : database.type === 'sqlite' ? `and its database ${database.path} ` : '';
    if (!signal.aborted) proposals.push({ source: laravelSource.parse({ type: 'laravel', folder }), sentence: `A Laravel application is in ${folder}; its files ${what}would be one snapshot.` });
  } catch (thrown) {
    notes.push(`A Laravel application is in ${folder}, but its database is not known: ${asHoldfastError(thrown).message}`);
  }
  return true;
}

async function sqlite(file: string, search: Search): Promise<void> {
  if (!(await hasMagic(file)) || search.signal.aborted) return;
  if ((search.files += 1) > search.limits.files) {
    search.full = true;
    return;
  }
  search.proposals.push({ source: sqliteSource.parse({ type: 'sqlite', path: file }), sentence: `An SQLite database is in ${file}; it would be backed up as of one moment, while programs use it.` });
}

async function hasMagic(file: string): Promise<boolean> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(sqliteMagic.length), 0, sqliteMagic.length, 0);
    return bytesRead === sqliteMagic.length && buffer.equals(sqliteMagic);
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}
