/** Why a job must not begin by itself now. */
import type { Job } from '../shared/model.js';
import type { Repositories } from './destinations/repositories.js';
import type { Memory } from './memory.js';
import type { LocalConsent } from './policy/local-consent.js';
import type { PowerAndNetwork } from './ports.js';

export interface ObstacleSources {
  readonly power: Pick<PowerAndNetwork, 'isOnBattery' | 'isMetered'>;
  readonly consent: Pick<LocalConsent, 'objection'>;
  readonly repositories: Pick<Repositories, 'disks' | 'keys' | 'vault'>;
  readonly memory: Pick<Memory, 'settings'>;
}

/** @returns the end of a sentence that begins with the job's name, or null when nothing is in the way. */
export async function obstacle(job: Job, { power, consent, repositories, memory }: ObstacleSources): Promise<string | null> {
  if (job.conditions.onBattery === 'defer' && (await power.isOnBattery())) return 'waiting until the computer is plugged in';
  if (job.conditions.onMetered === 'defer' && (await power.isMetered())) return 'waiting for a network that is not metered';
  const objection = await consent.objection(job);
  if (objection !== null) return objection.message.replace(/^[A-Z]/, (first) => first.toLowerCase()).replace(/\.$/, '');
  const missing = repositories.keys.obstacle(job.destination);
  if (missing !== null) return missing;
  const away = await repositories.disks.obstacle(job.destination);
  if (away !== null) return away;
  const kitConfirmed = memory.settings.confirmedRecoveryKits.includes(job.destination.id) || (await repositories.vault.isGiven(job.destination.id));
  if (!kitConfirmed) return 'save or print the recovery kit first, then scheduled backups begin';
  return null;
}
