/** Carries out a removal: the service first, then secrets while it is still known where they are, then files. */
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { fileError } from '../../platform/files/errors.js';
import { lockFolder, lockHolder } from '../../platform/lock/lock.js';
import { existsSync } from 'node:fs';
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
    for (const name of ['agent-token', ...plan.jobs.map(({ destination }) => `repository:${destination.id}`)]) await secrets?.delete(name);
    for (const file of plan.files) await rm(file, { recursive: true, force: true }).catch((cause: unknown) => { throw fileError(`remove ${file}`, cause); });
  } finally {
    lock.release();
  }
  // The folders themselves, where nothing of somebody else is in them.
  for (const folder of [paths.dataFolder, path.dirname(paths.settingsFile), path.dirname(paths.logFolder)]) await rmdir(folder).catch(() => undefined);
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
