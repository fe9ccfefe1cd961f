/** Places for a repository, and what speaks against one. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Place } from '../../shared/ipc.js';
import { attachedDisks, disksUnder, freeBytes } from './disks.js';
import { isInside, uselessFolders } from './folders.js';

const repositoryFolder = 'Holdfast Backups';

/** One id per path, so that a set-up that was broken off finds the password it made. */
export const destinationIdFor = (folder: string): string => createHash('sha256').update(folder).digest('hex').slice(0, 32);

const place = async (folder: string, name: string, kind: Place['kind']): Promise<Place> =>
  ({ destinationId: destinationIdFor(folder), path: folder, name, kind, freeBytes: await freeBytes(folder) });

/** Attached disks first, then a folder at home: better than nothing, and said to be no more than that. */
export async function suggestDestinations(home: string, platform: NodeJS.Platform): Promise<Place[]> {
  const disks = await attachedDisks(platform);
  return Promise.all([
    ...disks.map((disk) => place(path.join(disk.path, repositoryFolder), disk.name, 'disk')),
    place(path.join(home, repositoryFolder), 'A folder on this computer', 'folder'),
  ]);
}

/** A folder that a person chose. */
export const chosenDestination = (folder: string): Promise<Place> => place(folder, path.basename(folder) || folder, 'folder');

export async function judgeDestination(folder: string, sources: readonly string[], home: string, platform: NodeJS.Platform): Promise<{ warnings: string[]; excludes: string[] }> {
  const under = await disksUnder(folder);
  const sourceDisks = await Promise.all(sources.map((source) => disksUnder(source)));
  const inside = sources.find((source) => isInside(folder, source));
  const warnings: string[] = [];
  if (sourceDisks.some((disks) => [...disks].some((disk) => under.has(disk)))) {
    warnings.push('This is on the same disk as your files, so a broken or stolen disk takes the backup with it. An external disk is safer.');
  }
  if (inside !== undefined) {
    warnings.push(`This is inside "${path.basename(inside) || inside}", which is being backed up. The backup will leave itself out.`);
  }
  const excludes = [folder, ...uselessFolders(home, platform)].filter((exclude) => sources.some((source) => isInside(exclude, source)));
  return { warnings, excludes: excludes.map(asPattern) };
}

/** A path as an exclude pattern that matches it alone: wildcards in a folder's name are ordinary signs. */
const asPattern = (folder: string): string => folder.replace(/[\\*?[\]]/g, '\\$&');
