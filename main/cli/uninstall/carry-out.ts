/** Carries out a removal: the service first, then secrets while it is still known where they are, then files. */
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { fileError } from '../../platform/files/errors.js';
import { lockFolder, lockHolder } from '../../platform/lock/lock.js';
import { existsSync } from 'node:fs';
import type { SecretStore } from '../../agent/ports.js';
import type { Paths } from '../../platform/paths/paths.js';
import { confStore } from '../../platform/settings/conf.js';
import { openSettings } from '../../platform/settings/settings.js';
import type { Job } from '../../shared/model.js';
import { isServer, passwordTarget } from '../../shared/sources.js';
import { countText } from '../../shared/text.js';
import type { Cli } from '../cli.js';
import { cliPaths, openPlaces } from '../places.js';
import { cliService } from '../service.js';
import type { Removal } from './plan.js';

/** @throws HoldfastError `already-running` while an agent that is not the service runs. */
export async function carryOut(cli: Cli, plan: Removal): Promise<void> {
  await removeService(cli);
  const paths = cliPaths(cli);
  if (!existsSync(paths.dataFolder)) return;
  const lock = await lockFolder(paths.lockFile);
  if (lock === null) {
    throw new HoldfastError('already-running', `The agent still runs (process ${lockHolder(paths.lockFile) ?? 'unknown'}). Quit Holdfast from its tray icon, or end that process, and try again.`);
  }
  try {
    if (!plan.purge) return;
    const secrets = await (await openPlaces(cli)).secrets();
    await tellHub(cli, plan, paths, secrets);
    for (const name of secretNames(plan.jobs)) await secrets?.delete(name);
    for (const file of plan.files) await rm(file, { recursive: true, force: true }).catch((cause: unknown) => { throw fileError(`remove ${file}`, cause); });
  } finally {
    lock.release();
  }
  // The folders themselves, where nothing of somebody else is in them.
  for (const folder of [paths.dataFolder, path.dirname(paths.settingsFile), path.dirname(paths.logFolder)]) await rmdir(folder).catch(() => undefined);
}

/** What an agent with these jobs keeps in the secret store. */
function secretNames(jobs: readonly Job[]): Set<string> {
  const ofJobs = jobs.flatMap(({ destination, sources }) => [
    `repository:${destination.id}`, `destination:${destination.id}`, ...sources.filter(isServer).map((source) => `source:${passwordTarget(source)}`),
  ]);
  return new Set(['agent-token', 'hub-storage', ...ofJobs]);
}

/** Without its hub this computer can be removed all the same; then somebody has to remove it there. */
async function tellHub(cli: Cli, { hub: url }: Removal, paths: Paths, secrets: SecretStore | null): Promise<void> {
  if (url === null) return;
  try {
    const { agentId, hub } = openSettings(paths.settingsFile, confStore).read();
    const token = await secrets?.get('agent-token') ?? null;
    if (hub === null || token === null) throw new HoldfastError('token-unknown', `The token for ${url} is not here any more.`);
    const { leaveHub } = await import('../../agent/tunnel/enrol.js');
    const { removedJobs } = await leaveHub({ ...hub, token });
    cli.say(`The hub ${url} knows: it removed this computer${agentId === null ? '' : ` (${agentId})`} and its ${countText(removedJobs.length, 'job')}.`);
  } catch (thrown) {
    cli.warn(`${asHoldfastError(thrown).message} The hub was not told; there, "holdfast agents delete" removes this computer.`);
  }
}

async function removeService(cli: Cli): Promise<void> {
  try {
    const service = cliService(cli);
    const { reason, state } = await service.status();
    if (state === 'unavailable' || state === 'foreign') cli.warn(reason);
    else await service.uninstall();
  } catch (thrown) {
    const error = asHoldfastError(thrown);
    if (error.code !== 'not-found') throw error; // no service manager: then there is no service
  }
}
