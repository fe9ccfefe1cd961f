/** Builds the packages once for all tests, from the tree as it is. HOLDFAST_TEST_PACKAGES names a folder that has them already. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { compile } from '../../build/compile.mjs';
import { mustRun } from '../../build/run.mjs';
import { electronRuntime } from '../../build/setup/electron-runtime.mjs';

const root = path.resolve(import.meta.dirname, '../..');

export default async function setup(project: TestProject): Promise<() => void> {
  const given = process.env['HOLDFAST_TEST_PACKAGES'];
  const folder = given ?? mkdtempSync(path.join(tmpdir(), 'holdfast-packages-'));
  if (given === undefined) {
    await compile();
    const runtime = await electronRuntime();
    const version = (await mustRun('Asking Electron', runtime.executable, ['--version', '--no-sandbox'])).match(/v(\d+\.\d+\.\d+)/)?.[1] ?? '';
    // From a copy: whoever rebuilds out/ meanwhile would tear the archive apart.
    const copy = path.join(folder, 'source');
    mkdirSync(copy);
    await mustRun('Copying the tree', 'sh', ['-c', 'cp -a build out LICENSE electron-builder.yml package.json package-lock.json .npmrc "$0" && cp -al node_modules "$0" 2>/dev/null || cp -a node_modules "$0"', copy], { cwd: root });
    await mustRun('Packaging', path.join(root, 'node_modules/.bin/electron-builder'), [
      '--linux', 'deb', 'rpm', 'tar.gz', '--publish', 'never', `-c.electronDist=${runtime.folder}`, `-c.electronVersion=${version}`,
      '-c.compression=store', '-c.deb.compression=gz', '-c.rpm.compression=gzip', `-c.directories.output=${folder}`,
    ], { cwd: copy, limit: 20 * 60_000, env: { ...process.env, CUSTOM_FPM_PATH: path.join(root, 'build/packaging/fpm.mjs'), ELECTRON_BUILDER_7ZIP_PATH: '/usr/bin/7za' } });
  }
  project.provide('packages', folder);
  return () => { if (given === undefined) rmSync(folder, { recursive: true, force: true }); };
}
