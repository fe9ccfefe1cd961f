/**
 * Finds what could be backed up here: database servers, containers with them, SQLite files and sites below folders. It looks, and
 * changes nothing; it logs in nowhere.
 */
import type { Discovery, Proposal } from '../../../shared/discovery.js';
import { sourceText } from '../../../shared/sources.js';
import { localHost } from '../process/host.js';
import { findContainers } from './containers.js';
import { searchFolders, type SearchLimits } from './folders.js';
import { findServers, usualPlaces, type Places } from './servers.js';

export interface DiscoverOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; searched for sites and SQLite files. */
  readonly folders: readonly string[];
  readonly signal?: AbortSignal;
  /** Where servers are looked for; the usual places when absent. */
  readonly places?: Places;
  readonly limits?: Partial<SearchLimits>;
}

/** Never takes much longer than its limits, and never rejects but for an aborted signal. */
export async function discover({ env, folders, limits, places = usualPlaces, signal }: DiscoverOptions): Promise<Discovery> {
  const parts = await Promise.all([findServers(places), findContainers(localHost(env), signal), searchFolders(folders, limits, signal)]);
  signal?.throwIfAborted();
  const seen = new Set<string>();
  const proposals = parts.flatMap((part) => part.proposals).filter(({ source }: Proposal) => {
    const text = `${source.type} ${sourceText(source)}`;
    return seen.has(text) ? false : Boolean(seen.add(text));
  });
  return { proposals, notes: parts.flatMap((part) => part.notes) };
}
