// @ts-check
import { homedir } from 'node:os';
import path from 'node:path';

/** The folder, outside the checkout, where downloads are kept for the next clone. */
export function cacheFolder() {
  if (process.platform === 'darwin') return path.join(homedir(), 'Library', 'Caches', 'holdfast');
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'holdfast');
}
