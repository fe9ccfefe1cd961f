/** From a repository URL to a backend. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import type { RepositoryAccess } from '../types.js';
import type { Backend } from './backend.js';
import { LocalBackend } from './local.js';

const scheme = /^(local|s3|sftp|rest|b2|azure|gs|swift|rclone):/;

/** @throws `usage` for an URL nobody here can open */
export function openBackend(access: Pick<RepositoryAccess, 'url'>): Backend {
  const kind = scheme.exec(access.url)?.[1];
  if (kind === undefined || kind === 'local') {
    const path = access.url.replace(/^local:/, '');
    if (path === '') throw new HoldfastError('usage', 'The repository has no path. Give a folder, for example /media/disk/backup.');
    return new LocalBackend(resolve(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path));
  }
  throw new HoldfastError('usage', `Repositories of the kind "${kind}:" cannot be opened by this version. Use a folder.`);
}
