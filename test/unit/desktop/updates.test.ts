/** Updates: when a new version is installed, when the one before comes back, and what is kept meanwhile. */
import { lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Former, replace } from '../../../main/desktop/update/former.js';
import { ownPackage } from '../../../main/desktop/update/package.js';
import { updateSource } from '../../../main/desktop/update/source.js';
import { atStart, judge, trialTime, updateRecordSchema, type Trial, type UpdateRecord } from '../../../main/desktop/update/trial.js';
import { Updates, type RunningApp, type UpdatesPorts } from '../../../main/desktop/update/updates.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { ManualClock, memoryDocument, settle } from '../../helpers/agent-world.js';
import { tempFolder } from '../../helpers/temp.js';

const minute = 60_000;
const source = { url: 'https://hub.test/downloads/', fingerprint: null };
const trial = (change: Partial<Trial> = {}): Trial => ({ from: '1.0.0', to: '2.0.0', package: '/apps/Holdfast.AppImage', former: '/data/before/Holdfast.AppImage', installedAt: '2026-05-04T12:00:00.000Z', starts: 0, ...change });

function world({ version = '1.0.0', offered = '2.0.0' as string | null, record = {} as Partial<UpdateRecord>, ports = {} as Partial<UpdatesPorts>, app: appChange = {} as Partial<RunningApp> } = {}) {
  const clock = new ManualClock();
  const did: string[] = [];
  const note = (text: string) => (): Promise<void> => { did.push(text); return Promise.resolve(); };
  const document = memoryDocument<UpdateRecord>(updateRecordSchema.parse(record));
  const updates = new Updates({
    version, clock, record: document, own: { kind: 'appimage', path: '/apps/Holdfast.AppImage' },
    feed: {
      newer: () => Promise.resolve(offered),
      load: () => { did.push('load'); return Promise.resolve('/cache/new.AppImage'); },
      replaceAndStart: () => did.push('replace and start'),
    },
    former: {
      keep: (file) => { did.push(`keep ${file}`); return Promise.resolve('/data/before/Holdfast.AppImage'); },
      putBack: (from, to) => note(`put back ${from} to ${to}`)(),
      forget: note('forget'),
    },
    replace: (from, to) => note(`replace ${to} by ${from}`)(),
    restart: () => did.push('restart'),
    ...ports,
  });
  const state = { connection: 'connected' as 'connected' | 'waiting' | 'paused', run: false, window: false, answers: true };
  const app: RunningApp = {
    source: () => source, connection: () => ({ state: state.connection }), hubAnswers: () => Promise.resolve(state.answers), hasRun: () => state.run, windowOpen: () => state.window,
    stop: note('stop'), log: () => undefined, changed: () => undefined, ...appChange,
  };
  return { app, clock, did, document, state, updates };
}

describe('installing', () => {
  it('keeps this version before it replaces it, with agent and hub ended', async () => {
    const { app, clock, did, document, updates } = world();
    expect(await updates.begin()).toBe(true);
    updates.start(app);
    await clock.pass(minute);
    await settle();
    expect(did).toEqual(['load', 'stop', 'keep /apps/Holdfast.AppImage', 'replace /apps/Holdfast.AppImage by /cache/new.AppImage', 'restart']);
    expect(document.read().trial).toMatchObject({ from: '1.0.0', to: '2.0.0', starts: 0 });
  });

  it('waits for the end of a run and for the window to close, and may be asked for before', async () => {
    const { app, clock, did, state, updates } = world();
    state.run = true;
    updates.start(app);
    await clock.pass(30 * minute);
    expect(did).toEqual(['load']);
    expect(updates.waiting).toBe('2.0.0');
    state.run = false;
    state.window = true;
    await clock.pass(30 * minute);
    expect(did).toEqual(['load']);
    await updates.install();
    expect(did.at(-1)).toBe('restart');
  });

  it('looks every six hours, and not where its owner wants no updates', async () => {
    let looks = 0;
    const { app, clock, updates } = world({ ports: { feed: { newer: () => { looks += 1; return Promise.resolve(null); }, load: () => Promise.reject(new Error('no')), replaceAndStart: () => undefined } } });
    updates.start(app);
    await clock.pass(24 * 60 * minute);
    expect(looks).toBe(4);
    const quiet = world({ app: { source: () => null } });
    quiet.updates.start(quiet.app);
    await quiet.clock.pass(24 * 60 * minute);
    expect(quiet.did).toEqual([]);
  });

  it('a version that cannot be put in place is not tried again, and this one runs on', async () => {
    const { app, clock, did, document, updates } = world({ ports: { replace: () => Promise.reject(new HoldfastError('destination-full', 'The disk is full.')) } });
    updates.start(app);
    await clock.pass(minute);
    await settle();
    expect(did.at(-1)).toBe('restart');
    expect(document.read()).toEqual({ trial: null, refused: '2.0.0' });
    const next = world({ record: document.read() });
    next.updates.start(next.app);
    await next.clock.pass(24 * 60 * minute);
    expect(next.did).toEqual([]);
  });

  it('a feed that does not answer changes nothing', async () => {
    const { app, clock, did, updates } = world({ ports: { feed: { newer: () => Promise.reject(new HoldfastError('hub-unreachable', 'No.')), load: () => Promise.reject(new Error('no')), replaceAndStart: () => undefined } } });
    updates.start(app);
    await clock.pass(13 * 60 * minute);
    expect(did).toEqual([]);
  });
});

describe('the trial of a new version', () => {
  it('ends with its first connection', async () => {
    const { app, clock, did, document, updates } = world({ version: '2.0.0', offered: null, record: { trial: trial() } });
    expect(await updates.begin()).toBe(true);
    expect(document.read().trial?.starts).toBe(1);
    updates.start(app);
    await clock.pass(6_000);
    expect(did).toEqual(['forget']);
    expect(document.read().trial).toBeNull();
  });

  it('puts the version before back when the hub answers others and not this one', async () => {
    const { app, clock, did, document, state, updates } = world({ version: '2.0.0', record: { trial: trial() } });
    state.connection = 'waiting';
    await updates.begin();
    updates.start(app);
    await clock.pass(trialTime - 1000);
    expect(did).toEqual([]);
    await clock.pass(10_000);
    await settle();
    expect(did).toEqual(['stop', 'put back /data/before/Holdfast.AppImage to /apps/Holdfast.AppImage', 'forget', 'restart']);
    expect(document.read()).toEqual({ trial: null, refused: '2.0.0' });
  });

  it('has more time while the hub answers nobody', async () => {
    const { app, clock, did, state, updates } = world({ version: '2.0.0', record: { trial: trial() } });
    state.connection = 'waiting';
    state.answers = false;
    await updates.begin();
    updates.start(app);
    await clock.pass(60 * minute);
    expect(did).toEqual([]);
    state.connection = 'connected';
    await clock.pass(minute);
    expect(did).toEqual(['forget']);
  });

  it('is over after three starts that led nowhere', async () => {
    const { did, updates } = world({ version: '2.0.0', record: { trial: trial({ starts: 3 }) } });
    expect(await updates.begin()).toBe(false);
    expect(did).toEqual(['put back /data/before/Holdfast.AppImage to /apps/Holdfast.AppImage', 'forget', 'restart']);
  });

  it('verdicts', () => {
    expect(atStart({ trial: null, refused: null }, '1.0.0')).toBe('nothing');
    expect(atStart({ trial: trial(), refused: null }, '1.0.0')).toBe('not-replaced');
    expect(judge({ state: 'paused' }, trialTime, null)).toBe('keep');
    expect(judge({ state: 'paused' }, 0, null)).toBe('wait');
    expect(judge({ state: 'stopped' }, trialTime, null)).toBe('ask');
  });
});

describe('the version before', () => {
  it('is kept with the data it understands, and both come back', async () => {
    const folder = tempFolder();
    const file = (name: string): string => path.join(folder, name);
    writeFileSync(file('Holdfast.AppImage'), 'one', { mode: 0o755 });
    writeFileSync(file('hub.sqlite'), 'old tables');
    const former = new Former({ folder: file('before'), dataFiles: [file('hub.sqlite'), file('settings.json')] });
    const kept = await former.keep(file('Holdfast.AppImage'));
    writeFileSync(file('fresh'), 'two', { mode: 0o755 });
    await replace(file('fresh'), file('Holdfast.AppImage'));
    expect(readFileSync(file('Holdfast.AppImage'), 'utf8')).toBe('two');
    writeFileSync(file('hub.sqlite'), 'new tables');
    writeFileSync(file('hub.sqlite-wal'), 'more of them');
    await former.putBack(kept, file('Holdfast.AppImage'));
    await former.forget();
    expect(readFileSync(file('Holdfast.AppImage'), 'utf8')).toBe('one');
    expect(lstatSync(file('Holdfast.AppImage')).mode & 0o777).toBe(0o755);
    expect(readFileSync(file('hub.sqlite'), 'utf8')).toBe('old tables');
    expect(readdirSync(folder).sort()).toEqual(['Holdfast.AppImage', 'fresh', 'hub.sqlite']);
  });

  it('a folder of an app is replaced whole, with its links', async () => {
    const folder = tempFolder();
    const app = path.join(folder, 'Holdfast.app');
    mkdirSync(path.join(app, 'Contents/Versions/A'), { recursive: true });
    writeFileSync(path.join(app, 'Contents/Versions/A/file'), 'one');
    symlinkSync('A', path.join(app, 'Contents/Versions/Current'));
    const former = new Former({ folder: path.join(folder, 'before'), dataFiles: [] });
    const kept = await former.keep(app);
    writeFileSync(path.join(app, 'Contents/only in the new one'), '');
    await former.putBack(kept, app);
    await former.forget();
    expect(readdirSync(path.join(app, 'Contents'))).toEqual(['Versions']);
    expect(lstatSync(path.join(app, 'Contents/Versions/Current')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder)).toEqual(['Holdfast.app']);
  });

  it('is not touched where it cannot be kept', async () => {
    const folder = tempFolder();
    await expect(new Former({ folder: path.join(folder, 'before'), dataFiles: [] }).keep(path.join(folder, 'missing'))).rejects.toMatchObject({ message: expect.stringContaining('before the update') });
  });
});

it('only an AppImage and a macOS app replace themselves', () => {
  expect(ownPackage({ platform: 'linux', execPath: '/opt/Holdfast/holdfast', env: {} })).toBeNull();
  expect(ownPackage({ platform: 'linux', execPath: '/tmp/.mount_x/holdfast', env: { APPIMAGE: '/home/me/Holdfast.AppImage' } })).toEqual({ kind: 'appimage', path: '/home/me/Holdfast.AppImage' });
  expect(ownPackage({ platform: 'darwin', execPath: '/Applications/Holdfast.app/Contents/MacOS/Holdfast', env: {} })).toEqual({ kind: 'bundle', path: '/Applications/Holdfast.app' });
  expect(ownPackage({ platform: 'darwin', execPath: '/usr/local/bin/electron', env: {} })).toBeNull();
});

it('a hub becomes the source of programs by its owner alone, and its pinned certificate counts then', () => {
  const hub = { url: 'https://hub.test:7878', fingerprint: 'ab'.repeat(32) };
  const from = (url: string | null, automatic = true): ReturnType<typeof updateSource> => updateSource({ hub, updates: { automatic, url } });
  expect(from(null)).toBeNull();
  expect(from('https://hub.test:7878/downloads/')).toEqual({ url: 'https://hub.test:7878/downloads/', fingerprint: hub.fingerprint });
  expect(from('https://hub.test/downloads/')).toEqual({ url: 'https://hub.test/downloads/', fingerprint: null });
  expect(from('https://hub.test:7878/downloads/', false)).toBeNull();
});
