/** What packages are made from: electron-builder reads it without a complaint, and what it names is there. The packages themselves: npm run test:packages. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DebugLogger } from 'builder-util';
import { getConfig, validateConfiguration } from 'app-builder-lib/out/util/config/config.js';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

test('electron-builder takes the settings of packages, and every file they name is there', async () => {
  const config = await getConfig(root, null, null);
  await validateConfiguration(config, new DebugLogger(false));
  const { deb, extraResources, linux, mac, rpm } = config;
  const scripts = [deb, rpm].flatMap((one) => [one?.afterInstall, one?.afterRemove, ...(one?.fpm ?? []).map((option) => option.split('=')[1])]);
  const resources = [extraResources ?? []].flat().map((one) => (typeof one === 'string' ? one : one.from));
  const named = [config.afterPack, config.artifactBuildCompleted, linux?.icon, mac?.icon, mac?.entitlements, mac?.entitlementsInherit, ...scripts, ...resources];
  expect(named).toHaveLength(13);
  expect(named.filter((file) => typeof file !== 'string' || !existsSync(path.join(root, file)))).toEqual([]);
  expect(config.electronFuses).toMatchObject({ runAsNode: false, enableNodeOptionsEnvironmentVariable: false, enableNodeCliInspectArguments: false, onlyLoadAppFromAsar: true, enableCookieEncryption: true });
  const kinds = (targets: unknown): unknown => JSON.parse(JSON.stringify(targets));
  expect(kinds(linux?.target)).toEqual(['AppImage', 'deb', 'rpm', 'tar.gz'].map((target) => ({ target, arch: ['x64', 'arm64'] })));
  expect(kinds(mac?.target)).toEqual(['dmg', 'zip'].map((target) => ({ target, arch: ['x64', 'arm64'] })));
});
