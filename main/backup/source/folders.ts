/** What is common to sites: where their files really are, and what is left out of them. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';

/** @throws HoldfastError `source-missing` with `what` and the folder. */
export async function realFolder(folder: string, what: string): Promise<string> {
  return realpath(folder).catch((cause: unknown) => {
    throw new HoldfastError('source-missing', `The folder ${folder} of the ${what} is not there or may not be read. Check the path and whether its disk is attached.`, { cause });
  });
}

const isBelow = (file: string, folder: string): boolean => file === folder || file.startsWith(folder === '/' ? '/' : `${folder}/`);

/**
 * The folder, and what belongs to the site but lies elsewhere: a deployment links `.env` or `storage` to a place that it shares
 * between versions, and a link is stored as a link.
 * @param parts absolute paths, those of links too; ones that are not there do not count
 */
export async function withLinked(folder: string, parts: readonly string[]): Promise<string[]> {
  const found = new Set([folder]);
  for (const part of parts) {
    const real = await realpath(part).catch(() => null);
    if (real !== null && ![...found].some((known) => isBelow(real, known))) found.add(real);
  }
  return [...found];
}

/** The path as restic's pattern that matches it and nothing else. */
export const exactly = (file: string): string => file.replace(/[\\*?[\]]/g, '\\$&');

/** Patterns that count from the site's folder as restic's, which count from everywhere. */
export const patternsBelow = (folder: string, patterns: readonly string[]): string[] =>
  patterns.map((pattern) => (pattern.startsWith('/') ? pattern : path.join(exactly(folder), pattern)));

/** Patterns that mean anything below the folder, at any depth, as restic's, which count from everywhere. Absolute ones stay. */
export const patternsAnywhereBelow = (folder: string, patterns: readonly string[]): string[] => patterns.map((pattern) => {
  const [sign, plain] = pattern.startsWith('!') ? ['!', pattern.slice(1)] : ['', pattern];
  return plain.startsWith('/') ? pattern : `${sign}${path.join(exactly(folder), '**', plain)}`;
});
