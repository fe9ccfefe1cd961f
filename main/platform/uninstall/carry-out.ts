/** Carries out a removal: the service first, then secrets while it is still known where they are, then files. */
import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { SecretStore } from '../../agent/ports.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Job } from '../../shared/model.js';
import { isServer, passwordTarget } from '../../shared/sources.js';
import { countText } from '../../shared/text.js';
import { fileError } from '../files/errors.js';
import { lockFolder, lockHolder } from '../lock/lock.js';
import type { Paths } from '../paths/paths.js';
import type { UserService } from '../service/index.js';
import type { SettingsData } from '../settings/schema.js';
import type { Removal } from './plan.js';

export interface RemovalPorts {
  readonly paths: Paths;
  /** Null before the first start. */
  readonly settings: SettingsData | null;
  /** The store that was chosen at the first start; null before that. */
  secrets(): Promise<SecretStore | null>;
  /** @throws HoldfastError `not-found` where no service manager is known */
  service(): UserService;
  say(line: string): void;
  warn(line: string): void;
}

/** @throws HoldfastError `usage` for passwords that nobody else knows. */
export function refuseToForget({ purge, unsaved }: Removal, forgetPasswords: boolean, remedy: string): void {
  if (unsaved.length === 0 || !purge || forgetPasswords) return;
  throw new HoldfastError('usage', `Only this computer knows the password of ${unsaved.map(({ destination }) => destination.url).join(' and ')}. ${remedy}`);
}

/** @throws HoldfastError `already-running` while an agent that is not the service runs. */
export async function carryOut(plan: Removal, ports: RemovalPorts): Promise<void> {
  const { paths } = ports;
  await removeService(ports);
  if (!existsSync(paths.dataFolder)) return;
  const lock = await lockFolder(paths.lockFile);
  if (lock === null) {
    throw new HoldfastError('already-running', `The agent still runs (process ${lockHolder(paths.lockFile) ?? 'unknown'}). Quit Holdfast from its tray icon, or end that process, and try again.`);
  }
  try {
    if (!plan.purge) return;
    const secrets = await ports.secrets();
    await tellHub(plan, secrets, ports);
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
async function tellHub({ hub: url }: Removal, secrets: SecretStore | null, { say, settings, warn }: RemovalPorts): Promise<void> {
  if (url === null) return;
  try {
    const token = await secrets?.get('agent-token') ?? null;
    if (!settings?.hub || token === null) throw new HoldfastError('token-unknown', `The token for ${url} is not here any more.`);
    const { leaveHub } = await import('../../agent/tunnel/enrol.js');
    const { removedJobs } = await leaveHub({ ...settings.hub, token });
    say(`The hub ${url} knows: it removed this computer${settings.agentId === null ? '' : ` (${settings.agentId})`} and its ${countText(removedJobs.length, 'job')}.`);
  } catch (thrown) {
    warn(`${asHoldfastError(thrown).message} The hub was not told; there, "holdfast agents delete" removes this computer.`);
  }
}

async function removeService({ service: open, warn }: RemovalPorts): Promise<void> {
  try {
    const service = open();
    const { reason, state } = await service.status();
    if (state === 'unavailable' || state === 'foreign') warn(reason);
    else await service.uninstall();
  } catch (thrown) {
    const error = asHoldfastError(thrown);
    if (error.code !== 'not-found') throw error; // no service manager: then there is no service
  }
}
