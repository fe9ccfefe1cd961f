import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { confStore } from '../../../main/platform/settings/conf.js';
import { agentSettings, openSettings } from '../../../main/platform/settings/settings.js';
import { tempFolder } from '../../helpers/temp.js';

const open = (file: string) => openSettings(file, confStore);

describe('settings', () => {
  it('are the defaults without a file, which is only made by a change', async () => {
    const file = path.join(tempFolder(), 'settings.json');
    const settings = open(file);
    expect(settings.read()).toMatchObject({ hub: null, paused: null, notifications: true, embeddedHub: { enabled: true, lan: false, port: null } });
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
    await settings.update({ notifications: false });
    expect(open(file).read().notifications).toBe(false);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('keep fields of a newer version and what another program wrote', async () => {
    const file = path.join(tempFolder(), 'settings.json');
    await writeFile(file, JSON.stringify({ future: { a: 1 }, notifications: false }));
    const settings = open(file);
    await writeFile(file, JSON.stringify({ future: { a: 2 }, notifications: false, name: 'laptop' }));
    await settings.update({ secrets: 'file' });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ future: { a: 2 }, notifications: false, name: 'laptop', secrets: 'file' });
  });

  it('let the agent change its part and no other', async () => {
    const file = path.join(tempFolder(), 'settings.json');
    const settings = open(file);
    await settings.update({ notifications: false });
    const document = agentSettings(settings);
    await document.write({ ...document.read(), paused: { until: null } });
    expect(open(file).read()).toMatchObject({ notifications: false, paused: { until: null } });
  });

  it.each([
    ['{"hub": ', /settings\.json is not JSON.*move it away/],
    ['[]', /settings\.json does not hold what it should/],
    ['{"notifications": "yes"}', /does not fit at "notifications"/],
    ['{"hub": {"url": 7}}', /does not fit at "hub\.url"/],
    ['', /is not JSON/],
  ])('that cannot be understood are an error and stay as they are: %s', async (content, message) => {
    const file = path.join(tempFolder(), 'settings.json');
    await writeFile(file, content);
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'settings-invalid', message: expect.stringMatching(message) }));
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  it('spoilt while the program runs are not overwritten', async () => {
    const file = path.join(tempFolder(), 'settings.json');
    const settings = open(file);
    await writeFile(file, 'oops');
    await expect(settings.update({ notifications: false })).rejects.toThrow(expect.objectContaining({ code: 'settings-invalid' }));
    expect(await readFile(file, 'utf8')).toBe('oops');
    expect(settings.read().notifications).toBe(true);
  });

  it('that cannot be written are a sentence', async () => {
    const folder = path.join(tempFolder(), 'gone');
    await mkdir(folder);
    const settings = open(path.join(folder, 'settings.json'));
    await rm(folder, { recursive: true });
    await writeFile(folder, ''); // a file where the folder was: fails for root as well
    await chmod(folder, 0o600);
    await expect(settings.update({ notifications: false })).rejects.toThrow(/Cannot (read|write)/);
  });
});
