/** From a repository URL to a backend. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import type { RepositoryAccess } from '../types.js';
import type { Backend } from './backend.js';
import { BandwidthBackend, throttles } from './decorators/bandwidth.js';
import { LoggingBackend } from './decorators/logging.js';
import { LocalBackend } from './local.js';
import { cacheFolderFor } from './decorators/cache.js';
import { composeRemote, defaultCacheFolder } from './remote/compose.js';
import { RestBackend } from './rest/rest.js';
import { S3Backend } from './s3/s3.js';
import { SftpBackend } from './sftp/sftp.js';

/** Where things about this repository are kept on this computer; null for nowhere. */
export function cacheFolderOf({ cacheFolder = defaultCacheFolder() }: Pick<RepositoryAccess, 'cacheFolder'>, { location }: Pick<Backend, 'location'>): string | null {
  return cacheFolder === false ? null : cacheFolderFor(cacheFolder, location);
}

const scheme = /^(local|s3|sftp|rest|b2|azure|gs|swift|rclone):/;

/**
 * @param onWarning told of failures that are tried again
 * @param onTrace told of each operation at the destination, repeated ones too
 * @throws `usage` for an URL nobody here can open, or settings that do not fit it
 */
export function openBackend(access: Omit<RepositoryAccess, 'password'>, onWarning?: (text: string) => void, onTrace?: (line: string) => void): Backend {
  const kind = scheme.exec(access.url)?.[1];
  const extras = { cacheFolder: access.cacheFolder, onWarning, onTrace };
  const limits = throttles({ upload: access.limitUpload, download: access.limitDownload });
  switch (kind) {
    case undefined:
    case 'local': {
      const path = access.url.replace(/^local:/, '');
      if (path === '') throw new HoldfastError('usage', 'The repository has no path. Give a folder, for example /media/disk/backup.');
      const folder = new LocalBackend(resolve(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path));
      const local = onTrace ? new LoggingBackend(folder, onTrace) : folder;
      return limits.upload || limits.download ? new BandwidthBackend(local, limits) : local;
    }
    case 'rest':
      return composeRemote(new RestBackend(access.url, access.backend, limits), extras);
    case 's3':
      return composeRemote(new S3Backend(access.url, access.backend, limits), extras);
    case 'sftp':
      return composeRemote(new SftpBackend(access.url, access.backend, limits), extras);
    default:
      throw new HoldfastError('usage', `Repositories of the kind "${kind}:" cannot be opened by this version. Use a folder, or s3:, sftp: or rest:.`);
  }
}
