/** The hub inside `holdfast start`: on loopback, on the port it had last. */
import os from 'node:os';
import { startHub, type RunningHub } from '../../hub/index.js';
import { asHoldfastError } from '../../shared/errors.js';
import type { Logger } from '../../agent/ports.js';
import type { Paths } from '../../platform/paths/paths.js';
import type { Settings } from '../../platform/settings/settings.js';
import { readVersion } from '../version.js';

const host = '127.0.0.1';
const urlOf = (port: number | null): string | null => (port === null ? null : `https://${host}:${port}`);

/** @returns null where this computer belongs to another hub. The agent's settings follow when the port had to change. */
export async function startOwnHub(paths: Paths, settings: Settings, logger: Logger): Promise<RunningHub | null> {
  const { embeddedHub, hub: joined } = settings.read();
  if (!embeddedHub.enabled || (joined !== null && joined.url !== urlOf(embeddedHub.port))) return null;
  const listen = (port: number): Promise<RunningHub> =>
    startHub({ dataFolder: paths.hubFolder, version: readVersion(), name: os.hostname(), listen: { host, port }, logger });
  const hub = await listen(embeddedHub.port ?? 0).catch((thrown: unknown) => {
    const error = asHoldfastError(thrown);
    if (embeddedHub.port === null || error.code === 'already-running') throw error;
    logger.log('warn', `${error.message} The hub takes another port.`);
    return listen(0);
  });
  await settings.update({
    embeddedHub: { ...embeddedHub, port: Number(new URL(hub.url).port) },
    ...(joined === null ? {} : { hub: { url: hub.url, fingerprint: hub.fingerprint } }),
  });
  return hub;
}
