/** Destinations: their repositories, keys and recovery kits. */
import { destinationsOf } from '../../shared/copies.js';
import type { RecoveryKit } from '../../shared/control.js';
import { HoldfastError } from '../../shared/errors.js';
import type { AgentParts } from '../parts.js';
import type { Handlers } from './contract.js';

export type DestinationHandlers = Pick<Handlers, 'prepareDestination' | 'ejectDisk' | 'testDestination' | 'setDestinationKeys' | 'recoveryKit' | 'confirmRecoveryKit' | 'hubOffers' | 'answerRecovery'>;

export function destinationHandlers(parts: AgentParts): DestinationHandlers {
  const { escrow, jobs, memory, options, prepared, repositories, runner, scheduler, tunnel } = parts;
  return {
    prepareDestination: async ({ destination, password }) => {
      const result = await repositories.prepare(destination, password);
      prepared.set(destination.id, destination);
      void escrow.look();
      return result;
    },
    ejectDisk: async ({ destinationId }) => {
      const using = jobs.all.filter((job) => destinationsOf(job).some(({ id }) => id === destinationId));
      if (using.some(({ id }) => runner.isBusy(id))) throw new HoldfastError('repository-locked', 'A backup to that disk is under way. Eject it when that has ended.');
      const destination = using.flatMap(destinationsOf).find(({ id }) => id === destinationId) ?? prepared.get(destinationId);
      if (destination === undefined) throw new HoldfastError('not-found', 'No job of this computer has that destination.');
      const { label } = await repositories.disks.eject(destination);
      return { label };
    },
    testDestination: async ({ destination, settings }) => {
      const place = settings === null ? await repositories.keys.place(destination) : { url: destination.url, backend: settings };
      const result = await options.engine.probe(place);
      return result.ok ? { ok: true, repository: result.repository, appendOnly: result.appendOnly } : { ok: false, message: result.error.message, hostKey: result.hostKey };
    },
    setDestinationKeys: async ({ destination, settings }) => {
      await repositories.keys.set(destination, settings);
      scheduler.look();
      return {};
    },
    recoveryKit: ({ destinationId }) => recoveryKit(parts, destinationId),
    confirmRecoveryKit: async ({ destinationId }) => {
      const confirmed = new Set([...memory.settings.confirmedRecoveryKits, destinationId]);
      await memory.remember({ confirmedRecoveryKits: [...confirmed] });
      scheduler.look();
      return {};
    },
    hubOffers: async () => ({ storage: await tunnel.request('hub.offers', {}).then((offers) => offers.storage, () => false) }),
    answerRecovery: async ({ allow, recipient }) => {
      await escrow.answer(recipient, allow);
      return {};
    },
  };
}

async function recoveryKit({ jobs, options, prepared, repositories }: AgentParts, destinationId: string): Promise<RecoveryKit> {
  const password = await repositories.vault.password(destinationId);
  if (password === null) throw new HoldfastError('not-found', 'This computer has no password for that destination yet. The first backup into it makes one; start that, then ask again.');
  const destination = jobs.all.flatMap(destinationsOf).find(({ id }) => id === destinationId) ?? prepared.get(destinationId);
  return {
    destinationId,
    destinationName: destination?.name ?? '',
    repositoryUrl: destination === undefined ? '' : (await repositories.hubStorage.of(destination.url)).url,
    password,
    computer: options.host,
    createdAt: new Date(options.clock.now()).toISOString(),
  };
}
