// @ts-check
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { mustRun } from '../run.mjs';
import { electronRuntime } from '../setup/electron-runtime.mjs';

/**
 * Packages for tests, quickly compressed, from the Electron that there is and with the system's own tools: where releases' downloads cannot be had.
 * @param {string} folder a tree with out/ and node_modules/ @param {string} output folder for the packages @param {NodeJS.ProcessEnv} [env]
 */
export async function packWithDevelopmentRuntime(folder, output, env = process.env) {
  const runtime = await electronRuntime();
  const version = /v(\d+\.\d+\.\d+)/.exec(await mustRun('asking Electron', runtime.executable, ['--version', '--no-sandbox']))?.[1] ?? '';
  const sevenZip = '/usr/bin/7za';
  await mustRun('packaging', process.execPath, [
    path.join(folder, 'node_modules/electron-builder/cli.js'), '--linux', 'deb', 'rpm', 'tar.gz', '--publish', 'never', `-c.electronDist=${runtime.folder}`, `-c.electronVersion=${version}`,
    '-c.compression=store', '-c.deb.compression=gz', '-c.rpm.compression=gzip', `-c.directories.output=${output}`,
  ], { cwd: folder, limit: 20 * 60_000, env: { ...env, CUSTOM_FPM_PATH: path.join(folder, 'build/packaging/fpm.mjs'), ...(existsSync(sevenZip) ? { ELECTRON_BUILDER_7ZIP_PATH: sevenZip } : {}) } });
}
