/** What every remote backend is wrapped in: retries outside, so that one that waits holds no connection. */
import type { Backend } from '../backend.js';
import { LimitedBackend } from '../decorators/concurrency.js';
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

/** @param onWarning told of each failure that is tried again */
export function composeRemote(backend: RemoteBackend, onWarning?: (text: string) => void): Backend {
  const { connections, retrySeconds } = backend.settings;
  return new RetryBackend(new LimitedBackend(backend, connections), { total: retrySeconds * 1000, onRetry: onWarning });
}
