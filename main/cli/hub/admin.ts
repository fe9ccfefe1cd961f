/** The hub that runs with this user's data folder, and its things by name or id. */
import type { AgentView, HubAdmin, HubJobView } from '../../shared/protocol/admin.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Cli } from '../cli.js';
import { cliPaths } from '../places.js';

/** @throws HoldfastError `hub-unreachable` when none runs. */
export async function hubAdmin(cli: Cli): Promise<HubAdmin> {
  const { connectHubAdmin } = await import('../../hub/local-socket/client.js');
  return connectHubAdmin(cliPaths(cli).hubFolder);
}

/** Where to see them all. */
const lists: Readonly<Record<string, string>> = { job: 'job list', channel: 'alerts channels' };

/** @param text an id or a name; when undefined, the only one there is. @throws HoldfastError `not-found`, or `usage` when it is not clear which. */
export function pick<T extends { readonly id: string; readonly name: string }>(all: readonly T[], text: string | undefined, noun: string): T {
  if (text === undefined) {
    const [only, second] = all;
    if (only === undefined) throw new HoldfastError('not-found', `There is no ${noun} yet.`);
    if (second !== undefined) throw new HoldfastError('usage', `There are several ${noun}s. Say which: ${all.map(({ name }) => `"${name}"`).join(', ')}.`);
    return only;
  }
  const byId = all.find(({ id }) => id === text);
  if (byId !== undefined) return byId;
  const [byName, other] = all.filter(({ name }) => name === text);
  if (byName === undefined) throw new HoldfastError('not-found', `There is no ${noun} "${text}". See: holdfast ${lists[noun] ?? 'agents list'}`);
  if (other !== undefined) throw new HoldfastError('usage', `Several ${noun}s are called "${text}". Give the id instead.`);
  return byName;
}

export const pickJob = async (admin: HubAdmin, text: string | undefined): Promise<HubJobView> => pick(await admin.listJobs({}), text, 'job');
export const pickAgent = async (admin: HubAdmin, text: string | undefined): Promise<AgentView> => pick(await admin.listAgents({}), text, 'computer');
