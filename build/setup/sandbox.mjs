// @ts-check
/** Whether Chromium's sandbox can work here, and Electron's environment when it cannot. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';

/**
 * Variables that Electron needs beside the ones there are. Chromium refuses to run as root with its sandbox, and as another user
 * it needs either unprivileged user namespaces or its set-uid helper. In development only: packages install the helper.
 * @param {string} folder with the Electron runtime
 * @returns {Record<string, string>}
 */
export function sandboxEnvironment(folder) {
  return canSandbox(folder) ? {} : { ELECTRON_DISABLE_SANDBOX: '1' };
}

/** @param {string} folder */
function canSandbox(folder) {
  if (process.platform !== 'linux') return true;
  if (process.getuid?.() === 0) return false;
  const helper = statSync(path.join(folder, 'chrome-sandbox'), { throwIfNoEntry: false });
  if (helper !== undefined && helper.uid === 0 && (helper.mode & 0o4000) !== 0) return true;
  return spawnSync('unshare', ['--user', '--map-root-user', 'true'], { stdio: 'ignore' }).status === 0;
}
