/** From what a person ticked to what the engine is asked to do. Pure. */
import { HoldfastError } from '../../shared/errors.js';
import { baseName, dumpKinds, dumpsFolder, exactPattern, parentPath } from '../../shared/restore.js';
import type { RestorePlace } from '../../shared/restores.js';

/** One call of the engine: these entries of a folder of the snapshot, into a folder of this computer. */
export interface RestorePart {
  /** In the snapshot. */
  readonly folder: string;
  /** restic's patterns, counted from the folder; null for all of it. */
  readonly include: string[] | null;
  readonly target: string;
}

const within = (path: string, folder: string): boolean => folder === '/' || path === folder || path.startsWith(`${folder}/`);
const isDump = (path: string): boolean => dumpKinds.some((kind) => within(path, `${dumpsFolder}/${kind}`));

/** Without those that lie in another one of them. */
function topmost(paths: readonly string[]): string[] {
  const all = [...new Set(paths.map((path) => (path === '/' ? path : path.replace(/\/+$/, ''))))];
  return all.filter((path) => !all.some((other) => other !== path && within(path, other)));
}

function commonParent(paths: readonly string[]): string {
  let common = parentPath(paths[0] ?? '/');
  for (const path of paths) while (!within(path, common) || path === common) common = parentPath(common);
  return common;
}

/**
 * A folder receives what was ticked as it lay together, without the folders that lead there. What goes back to where it was is
 * written from its own parent folder on: a folder that leads there may be a link by now, and stays one.
 * @param roots what the snapshot is of: only what lies there goes back, not the folders that lead to it
 * @throws HoldfastError `usage` where nothing of it has a place on a disk
 */
export function restoreParts(paths: readonly string[], place: RestorePlace, roots: readonly string[]): RestorePart[] {
  const chosen = topmost(paths);
  if (place.type === 'folder') {
    if (chosen.includes('/')) return [{ folder: '/', include: null, target: place.path }];
    const folder = commonParent(chosen);
    return [{ folder, include: chosen.map((path) => patternIn(folder, path)), target: place.path }];
  }
  const files = topmost(chosen.flatMap((path) => {
    const below = roots.filter((root) => root !== path && within(root, path));
    return below.length > 0 ? below : [path];
  })).filter((path) => !isDump(path));
  if (files.length === 0) throw new HoldfastError('usage', 'A dump of a database was never a file on this disk. Load it into a server, or restore it into a folder.');
  const parts = new Map<string, string[]>();
  for (const path of files) {
    if (path === '/') return [{ folder: '/', include: null, target: '/' }];
    const folder = parentPath(path);
    parts.set(folder, [...parts.get(folder) ?? [], patternIn(folder, path)]);
  }
  return [...parts].map(([folder, include]) => ({ folder, include, target: folder }));
}

const patternIn = (folder: string, path: string): string => exactPattern(folder === '/' ? path : path.slice(folder.length));

/** For screens: the name of the only one, or how many. */
export function whatText(paths: readonly string[]): string {
  const [only, second] = topmost(paths);
  if (only === undefined) return 'nothing';
  if (second === undefined) return only === '/' ? 'everything' : `"${baseName(only)}"`;
  return `${topmost(paths).length.toLocaleString('en-US')} files and folders`;
}
