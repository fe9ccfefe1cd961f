/** Folders to offer at the first start: where people keep what they made, as the system names it. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { SuggestedFolder } from '../../shared/ipc.js';

export interface UserFolders {
  readonly home: string;
  /** As the desktop calls them, in whatever language. */
  readonly documents: string;
  readonly desktop: string;
  readonly pictures: string;
  readonly music: string;
  readonly videos: string;
  readonly downloads: string;
}

const projectNames = ['Projects', 'projects', 'Code', 'code', 'Developer', 'src', 'work', 'Work'];

/**
 * Folders that exist, those worth keeping selected. Music, films and downloads are offered but not selected: large, and mostly to be had again.
 * The home folder itself is selected when nothing better is there.
 */
export async function suggestFolders(folders: UserFolders): Promise<SuggestedFolder[]> {
  const { home } = folders;
  const at = (...names: string[]): string[] => names.map((name) => path.join(home, name));
  // The usual English names stand in where the desktop names no such folders.
  const wanted = [folders.documents, ...at('Documents'), folders.desktop, ...at('Desktop'), folders.pictures, ...at('Pictures'), ...at(...projectNames)];
  const offered = [folders.music, ...at('Music'), folders.videos, ...at('Videos', 'Movies'), folders.downloads, ...at('Downloads')];
  const seen = new Set<string>();
  const found: SuggestedFolder[] = [];
  for (const [paths, selected] of [[wanted, true], [offered, false]] as const) {
    for (const folder of paths) {
      // The desktop answers with the home folder for one that was never made.
      const info = folder === home ? null : await stat(folder).catch(() => null);
      if (info === null || !info.isDirectory()) continue;
      const key = `${info.dev}:${info.ino}`; // "Code" and "code" are one folder on a Mac
      if (seen.has(key)) continue;
      seen.add(key);
      found.push({ path: folder, name: path.basename(folder), selected });
    }
  }
  const nothingSelected = !found.some((folder) => folder.selected);
  return [...found, { path: home, name: 'Everything in your home folder', selected: nothingSelected }];
}

/** What a backup of a home folder is better without: it can be had again and changes all the time. */
export function uselessFolders(home: string, platform: NodeJS.Platform): string[] {
  return platform === 'darwin'
    ? [path.join(home, 'Library', 'Caches'), path.join(home, '.Trash')]
    : [path.join(home, '.cache'), path.join(home, '.local', 'share', 'Trash')];
}

/** Whether `inner` is `outer` or lies in it. Both absolute and normal. */
export const isInside = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
