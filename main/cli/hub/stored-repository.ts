/** A computer's repository in hub storage, as the hub's owner reaches it on the hub's computer: through the folder, not through the network. */
import path from 'node:path';
import type { RepositoryAccess } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import type { HubAdmin } from '../../shared/protocol/admin.js';
import type { SealedForOwner } from '../../shared/protocol/recovery.js';
import { isHubStorage, type AgentStorage } from '../../shared/protocol/storage.js';
import type { Cli, GlobalOptions } from '../cli.js';
import { askedPassword, givenPassword } from '../repository/access.js';
import { pick } from './admin.js';
import { readRecoveryKeys, unseal } from './recovery-key.js';

export interface StoredRepository {
  readonly agent: AgentStorage & { readonly id: string };
  readonly folder: string;
}

/** @param which id or name; removed computers count too. @throws HoldfastError `not-found`. */
export async function storedRepository(admin: HubAdmin, which: string | undefined): Promise<StoredRepository> {
  const { agents, folder } = await admin.storage({});
  const agent = pick(agents.map((each) => ({ ...each, id: each.agentId })), which, 'computer');
  return { agent, folder: path.join(folder, agent.agentId) };
}

/** The newest password of that computer for hub storage that one of the keys in the file opens. @throws HoldfastError `not-found`, `wrong-password`. */
export async function sealedPassword(admin: HubAdmin, agentId: string, identityFile: string): Promise<string> {
  const keys = await readRecoveryKeys(identityFile);
  const sealed = (await admin.listSealedPasswords({})).filter((each) => each.agentId === agentId && isHubStorage(each.url));
  return openFirst(sealed, keys);
}

export async function openFirst(sealed: readonly SealedForOwner[], keys: readonly string[]): Promise<string> {
  let trouble: unknown = new HoldfastError('not-found', 'No password of this computer was sealed to a recovery key. Type its password, from its recovery kit.');
  for (const each of sealed) {
    try {
      return await unseal(each, keys);
    } catch (error) {
      trouble = error;
    }
  }
  throw trouble;
}

/** @param identityFile the recovery key; without it the password is given or typed as for any repository */
export async function ownerAccess(cli: Cli, admin: HubAdmin, { agent, folder }: StoredRepository, given: GlobalOptions, identityFile: string | undefined): Promise<RepositoryAccess> {
  if (!agent.hasRepository) throw new HoldfastError('repository-missing', `"${agent.name}" has stored nothing in hub storage yet.`);
  const password = identityFile === undefined ? await givenPassword(cli, given) ?? await askedPassword(cli, `the backups of "${agent.name}"`, false) : await sealedPassword(admin, agent.agentId, identityFile);
  return { url: folder, password, cacheFolder: false };
}
