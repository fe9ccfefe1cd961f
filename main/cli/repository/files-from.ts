/** Lists of what to back up, in the three forms of restic's --files-from options (facts: restic doc/040_backup.rst). */
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { componentTest } from '../../backup/filter/pattern.js';
import { HoldfastError } from '../../shared/errors.js';
import { quotedText } from '../../shared/text.js';

export interface FilesFrom {
  /** Patterns, one per line; blank lines and lines that begin with # do not count. */
  readonly filesFrom?: readonly string[] | undefined;
  /** Names, one per line, taken as they are; blank lines do not count. */
  readonly filesFromVerbatim?: readonly string[] | undefined;
  /** Names, each ended by a NUL byte. */
  readonly filesFromRaw?: readonly string[] | undefined;
}

export interface ListReader {
  /** `-` in a list's place. */
  readonly stdin: () => Promise<Buffer>;
  /** What the patterns are relative to. */
  readonly workingFolder: string;
  readonly warn: (text: string) => void;
}

/** @returns the paths that the lists name, in their order. @throws HoldfastError `usage` for a list that cannot be read or is malformed, or when together they name nothing */
export async function listedPaths({ filesFrom = [], filesFromRaw = [], filesFromVerbatim = [] }: FilesFrom, reader: ListReader): Promise<string[]> {
  const found: string[] = [];
  for (const file of filesFrom) {
    for (const line of (await textOf(file, reader)).split(/\r?\n/)) {
      const pattern = line.trim();
      if (pattern === '' || pattern.startsWith('#')) continue;
      const paths = await expand(pattern, reader.workingFolder);
      if (paths.length === 0) reader.warn(`${quotedText(pattern)} in ${file} names nothing that is there.`);
      found.push(...paths);
    }
  }
  for (const file of filesFromVerbatim) found.push(...(await textOf(file, reader)).split(/\r?\n/).filter((line) => line !== ''));
  for (const file of filesFromRaw) {
    const text = await textOf(file, reader);
    if (text === '') continue;
    if (!text.endsWith('\0')) throw new HoldfastError('usage', `The list ${file} does not end with a NUL byte, so its last name may be cut off. Write one after each name.`);
    const names = text.slice(0, -1).split('\0');
    if (names.includes('')) throw new HoldfastError('usage', `The list ${file} has an empty name. Write exactly one NUL byte after each name.`);
    found.push(...names);
  }
  if (found.length === 0 && filesFrom.length + filesFromVerbatim.length + filesFromRaw.length > 0) {
    throw new HoldfastError('usage', 'The lists name nothing to back up. Look into them.');
  }
  return found;
}

async function textOf(file: string, { stdin }: ListReader): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = file === '-' ? await stdin() : await readFile(file);
  } catch (cause) {
    throw new HoldfastError('usage', `The list ${file} cannot be read. Check its name and permissions.`, { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new HoldfastError('usage', `The list ${file} is not UTF-8. Name a folder above such names instead.`);
  }
}

/** As Go's filepath.Glob: wildcards within components, sorted within each folder; a pattern without any is a name. */
async function expand(pattern: string, workingFolder: string): Promise<string[]> {
  const parts = pattern.split('/').filter((part) => part !== '');
  let found = [pattern.startsWith('/') ? '/' : ''];
  for (const part of parts) {
    const test = componentTest(part);
    if (test === null) throw new HoldfastError('usage', `${quotedText(pattern)} is not a valid pattern. Check its brackets and backslashes.`);
    const next: string[] = [];
    for (const folder of found) {
      if (!/[*?[\\]/.test(part)) next.push(path.posix.join(folder, part));
      else next.push(...(await namesIn(path.resolve(workingFolder, folder))).filter((name) => test.test(name)).sort().map((name) => path.posix.join(folder, name)));
    }
    found = next;
  }
  const there = await Promise.all(found.map((name) => lstat(path.resolve(workingFolder, name)).then(() => true, (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR')));
  return found.filter((_, i) => there[i]);
}

/** A folder that is none, or cannot be read, has no names: what is meant may lie in another. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
