/** What every remote backend is wrapped in: the cache outside, then retries, so that one that waits holds no connection. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../backend.js';
import { CacheBackend, cacheFolderFor } from '../decorators/cache.js';
import { LimitedBackend } from '../decorators/concurrency.js';
import { LoggingBackend } from '../decorators/logging.js';
import { RetryBackend } from '../decorators/retry.js';

export interface RemoteSettings {
  /** Operations at the same time. */
  readonly connections: number;
  /** How long one operation is tried again, in seconds. */
  readonly retrySeconds: number;
}

export interface RemoteBackend extends Backend {
  readonly settings: RemoteSettings;
}

export interface RemoteExtras {
  /** Where the metadata of repositories is kept; false for no cache. Default: the user's cache folder. */
  readonly cacheFolder?: string | false | undefined;
  /** Told of each failure that is tried again. */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Told of each operation at the server and how long it took. */
  readonly onTrace?: ((line: string) => void) | undefined;
}

export function composeRemote(backend: RemoteBackend, { cacheFolder = defaultCacheFolder(), onWarning, onTrace }: RemoteExtras = {}): Backend {
  const { connections, retrySeconds } = backend.settings;
  const seen = onTrace ? new LoggingBackend(backend, onTrace) : backend;
  const patient = new RetryBackend(new LimitedBackend(seen, connections), { total: retrySeconds * 1000, onRetry: onWarning });
  return cacheFolder === false ? patient : new CacheBackend(patient, cacheFolderFor(cacheFolder, backend.location), onWarning);
}

/** The user's, for programs that name none. */
export function defaultCacheFolder(): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'Holdfast', 'repositories');
  const { XDG_CACHE_HOME: cache } = process.env;
  return join(cache !== undefined && cache.startsWith('/') ? cache : join(homedir(), '.cache'), 'holdfast', 'repositories');
}
