/** An update as an AppImage does it: the real feed over HTTP, the real checksum, the file on disk. What the new file is, is a script that tells of its start. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { start, type Running } from '../helpers/processes.js';
import { tempFolder } from '../helpers/temp.js';
import { until } from '../helpers/until.js';
import { appCommand, appEnvironment, appFolders, type AppFolders } from './app.js';

const version = '99.0.0';

/** A feed as electron-builder writes it. @returns its base URL */
async function feed(content: string, checksum = createHash('sha512').update(content).digest('base64')): Promise<string> {
  const file = `Holdfast-${version}.AppImage`;
  const yaml = JSON.stringify({ version, files: [{ url: file, sha512: checksum, size: content.length }], path: file, sha512: checksum, releaseDate: '2026-01-01T00:00:00.000Z' });
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://feed').pathname;
    if (name.endsWith('.yml')) response.end(yaml);
    else if (name === `/${file}`) response.end(content);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => { server.close(); });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}/`;
}

interface Installed { readonly image: string; readonly told: string; readonly app: Running; readonly folders: AppFolders }

/** The app, which takes itself for the AppImage `image`; a started image writes its arguments to `told`. */
function startAsImage(url: string | null, prepare: (folders: AppFolders, image: string) => void = () => undefined): Installed {
  const folders = appFolders();
  const image = path.join(tempFolder(), 'Holdfast.AppImage');
  writeFileSync(image, script('the version before', folders), { mode: 0o755 });
  writeFileSync(path.join(folders.data, 'settings.json'), JSON.stringify({ updates: { automatic: true, url } }));
  prepare(folders, image);
  const { args, command } = appCommand(['--background']);
  const app = start(command, args, { env: { ...appEnvironment(folders), APPIMAGE: image } });
  return { image, app, folders, told: toldBy(folders) };
}

const toldBy = ({ home }: AppFolders): string => path.join(home, 'started');
const script = (name: string, folders: AppFolders): string => `#!/bin/sh\n# ${name}\necho "$0: ${name} $*" >> '${toldBy(folders)}'\n`;
const record = ({ data }: AppFolders): unknown => JSON.parse(readFileSync(path.join(data, 'update.json'), 'utf8'));

test('a new version is loaded, put in place and started, and the one before is kept', async () => {
  const content = '#!/bin/sh\necho "new $*" >> "$HOME/started"\n';
  const { app, folders, image, told } = startAsImage(await feed(content));
  await until('the new version was started', () => existsSync(told) && readFileSync(told, 'utf8') !== '', 60_000);
  expect(readFileSync(told, 'utf8')).toBe('new --background\n');
  expect(readFileSync(image, 'utf8')).toBe(content);
  expect(statSync(image).mode & 0o777).toBe(0o755);
  expect(record(folders)).toMatchObject({ trial: { to: version, package: image, starts: 0 }, refused: null });
  expect(readFileSync(path.join(folders.data, 'before-update/Holdfast.AppImage'), 'utf8')).toContain('the version before');
  expect(existsSync(path.join(folders.data, 'before-update/data/3-hub.sqlite'))).toBe(true);
  await until('the old version has gone', () => !app.isRunning);
});

test('a file that is not what the feed says is not installed', async () => {
  const { app, folders, image } = startAsImage(await feed('something else', createHash('sha512').update('what was published').digest('base64')));
  await until('it is said', () => logOf(folders).includes('The new version could not be loaded: sha512 checksum mismatch'), 60_000);
  expect(app.isRunning).toBe(true);
  expect(readFileSync(image, 'utf8')).toContain('the version before');
});

test('a version that never connected gives way to the one before, with its data', async () => {
  const current = (JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }).version;
  const { app, folders, image, told } = startAsImage(null, ({ data, home }, file) => {
    const kept = path.join(data, 'before-update');
    mkdirSync(path.join(kept, 'data'), { recursive: true });
    writeFileSync(path.join(kept, 'Holdfast.AppImage'), script('the good one', { data, home }), { mode: 0o755 });
    writeFileSync(path.join(kept, 'data/1-jobs.json'), '{"revision":7,"jobs":[]}');
    writeFileSync(path.join(data, 'update.json'), JSON.stringify({ trial: { from: '0.0.1', to: current, package: file, former: path.join(kept, 'Holdfast.AppImage'), installedAt: '2026-01-01T00:00:00.000Z', starts: 3 } }));
  });
  await until('the version before was started', () => existsSync(told) && readFileSync(told, 'utf8') !== '', 60_000);
  expect(readFileSync(told, 'utf8')).toContain('the good one --background');
  expect(readFileSync(image, 'utf8')).toContain('the good one');
  expect(readFileSync(path.join(folders.data, 'jobs.json'), 'utf8')).toBe('{"revision":7,"jobs":[]}');
  expect(record(folders)).toEqual({ trial: null, refused: current });
  expect(existsSync(path.join(folders.data, 'before-update'))).toBe(false);
  await until('it has gone', () => !app.isRunning);
});

function logOf({ data }: AppFolders): string {
  const file = path.join(data, 'logs/holdfast.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
