import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { destinationIdFor, judgeDestination, suggestDestinations } from '../../../main/desktop/places/destinations.js';
import { attachedMounts, disksUnder, freeBytes, nearestExisting } from '../../../main/desktop/places/disks.js';
import { isInside, suggestFolders } from '../../../main/desktop/places/folders.js';
import { tempFolder } from '../../helpers/temp.js';

/** What Electron answers where the desktop names no folders: the home folder for most. */
const unnamed = (home: string): Parameters<typeof suggestFolders>[0] => ({ home, documents: home, desktop: path.join(home, 'Desktop'), pictures: home, music: home, videos: home, downloads: home });

describe('suggested folders', () => {
  it('are those that exist, with the ones worth keeping selected', async () => {
    const home = tempFolder();
    for (const name of ['Documents', 'Pictures', 'Projects', 'Music']) mkdirSync(path.join(home, name));
    const folders = await suggestFolders(unnamed(home));
    expect(folders.filter((folder) => folder.selected).map((folder) => folder.name)).toEqual(['Documents', 'Pictures', 'Projects']);
    expect(folders.filter((folder) => !folder.selected).map((folder) => folder.path)).toEqual([path.join(home, 'Music'), home]);
  });

  it('follow the names of the desktop, in any language', async () => {
    const home = tempFolder();
    mkdirSync(path.join(home, 'Dokumente'));
    expect((await suggestFolders({ ...unnamed(home), documents: path.join(home, 'Dokumente') })).map((folder) => folder.name)).toContain('Dokumente');
  });

  it('are the home folder when nothing else is there', async () => {
    const home = tempFolder();
    expect(await suggestFolders(unnamed(home))).toEqual([{ path: home, name: 'Everything in your home folder', selected: true }]);
  });

  it('name a folder once, whatever it is called', async () => {
    const home = tempFolder();
    mkdirSync(path.join(home, 'Projects'));
    symlinkSync('Projects', path.join(home, 'projects'));
    expect((await suggestFolders(unnamed(home))).filter((folder) => folder.selected)).toHaveLength(1);
  });
});

describe('attached disks', () => {
  it('are read from the mounts, with blanks in their names', () => {
    const mounts = ['proc /proc proc rw 0 0', '/dev/sdb1 /media/anna/My\\040Disk ext4 rw 0 0', '/dev/sda1 / ext4 rw 0 0', 'nas:/x /mnt/nas nfs rw 0 0'].join('\n');
    expect(attachedMounts(mounts)).toEqual([{ path: '/media/anna/My Disk', name: 'My Disk' }, { path: '/mnt/nas', name: 'nas' }]);
  });

  it('are found under a folder that does not exist yet', async () => {
    const folder = tempFolder();
    const missing = path.join(folder, 'a', 'b');
    expect(await nearestExisting(missing)).toBe(folder);
    expect(await disksUnder(missing)).toEqual(await disksUnder(folder));
    expect(await freeBytes(missing)).toBeGreaterThan(0);
  });

  it('tell two file systems apart', async () => {
    expect(await disksUnder('/proc')).not.toEqual(await disksUnder(tempFolder()));
  });
});

describe('a destination', () => {
  it('always offers a folder at home, and keeps its id', async () => {
    const home = tempFolder();
    const places = await suggestDestinations(home, 'linux');
    expect(places.at(-1)).toMatchObject({ path: path.join(home, 'Holdfast Backups'), kind: 'folder', destinationId: destinationIdFor(path.join(home, 'Holdfast Backups')) });
  });

  it('is warned of when it shares the disk with a source or lies in it, and is left out of the backup then', async () => {
    const home = tempFolder();
    const folder = path.join(home, 'Backups [old]');
    const { excludes, warnings } = await judgeDestination(folder, [home], home, 'linux');
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/same disk/);
    expect(warnings[1]).toMatch(/leave itself out/);
    expect(excludes).toContain(path.join(home, 'Backups \\[old\\]'));
    expect(excludes).toContain(path.join(home, '.cache'));
  });

  it('on another disk has nothing against it', async () => {
    const home = tempFolder();
    const documents = path.join(home, 'Documents');
    mkdirSync(documents);
    expect(await judgeDestination('/proc/backup', [documents], home, 'linux')).toEqual({ warnings: [], excludes: [] });
  });
});

describe('isInside', () => {
  it('compares whole names', () => {
    expect(isInside('/home/anna/b', '/home/anna')).toBe(true);
    expect(isInside('/home/annabel', '/home/anna')).toBe(false);
    expect(isInside('/home', '/')).toBe(true);
  });
});
