import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolders, makePrivateFolder } from '../../../main/platform/paths/folders.js';
import { findPaths } from '../../../main/platform/paths/paths.js';
import { tempFolder } from '../../helpers/temp.js';

describe('paths', () => {
  it('puts everything under HOLDFAST_DATA', () => {
    const paths = findPaths({ env: { HOLDFAST_DATA: '/srv/hf/', XDG_DATA_HOME: '/x' }, platform: 'linux', home: '/home/me' });
    expect(paths.dataFolder).toBe('/srv/hf');
    for (const [name, value] of Object.entries(paths)) if (name !== 'override') expect(value).toMatch(/^\/srv\/hf/);
  });

  it('uses the XDG folders, and the usual ones where they are missing or relative', () => {
    const given = findPaths({ env: { XDG_DATA_HOME: '/d', XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/k' }, platform: 'linux', home: '/home/me' });
    expect([given.dataFolder, given.settingsFile, given.logFolder, given.cacheFolder]).toEqual(['/d/holdfast', '/c/holdfast/settings.json', '/s/holdfast/logs', '/k/holdfast']);
    const usual = findPaths({ env: { XDG_DATA_HOME: 'relative' }, platform: 'linux', home: '/home/me' });
    expect([usual.dataFolder, usual.settingsFile, usual.logFolder]).toEqual(['/home/me/.local/share/holdfast', '/home/me/.config/holdfast/settings.json', '/home/me/.local/state/holdfast/logs']);
  });

  it('uses Library on macOS', () => {
    const paths = findPaths({ env: {}, platform: 'darwin', home: '/Users/me' });
    expect(paths.dataFolder).toBe('/Users/me/Library/Application Support/Holdfast');
    expect(paths.logFolder).toBe('/Users/me/Library/Logs/Holdfast');
  });

  it('says what is wrong with a relative HOLDFAST_DATA and a missing home', () => {
    expect(() => findPaths({ env: { HOLDFAST_DATA: 'here' }, platform: 'linux', home: '/home/me' })).toThrow(/absolute path/);
    expect(() => findPaths({ env: {}, platform: 'linux', home: '' })).toThrow(/no home folder/);
  });
});

describe('folders', () => {
  it('are for this user only', async () => {
    const paths = findPaths({ env: { HOLDFAST_DATA: path.join(tempFolder(), 'a', 'b') }, platform: 'linux', home: '/' });
    await makeFolders(paths);
    for (const folder of [paths.dataFolder, paths.logFolder, paths.cacheFolder]) expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('are refused where others may write, or a file is in the way', async () => {
    const folder = path.join(tempFolder(), 'shared');
    await mkdir(folder);
    await chmod(folder, 0o777);
    await expect(makePrivateFolder(folder)).rejects.toMatchObject({ code: 'permission-denied', message: expect.stringContaining('chmod go-w') });
    const file = path.join(tempFolder(), 'file');
    await writeFile(file, '');
    await expect(makePrivateFolder(path.join(file, 'x'))).rejects.toMatchObject({ code: 'permission-denied', message: expect.stringContaining('a file is in its way') });
  });
});
