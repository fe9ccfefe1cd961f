/** Joining a hub and leaving it. */
import type { AgentParts } from '../parts.js';
import type { Handlers } from './contract.js';

export function membershipHandlers(parts: AgentParts): Pick<Handlers, 'join' | 'leave'> {
  const { activity, consent, jobs, membership, memory, options, repositories, scheduler, tunnel } = parts;
  return {
    join: async ({ allow, link }) => {
      const joined = await membership.join(link);
      options.logger.log('info', `Joined the hub at ${joined.hub} as "${joined.name}"`);
      await consent.allowFolders(allow);
      await consent.review();
      if (memory.settings.paused === null) await activity.go();
      return joined;
    },
    leave: async () => {
      await tunnel.stop('not-joined');
      await membership.leave();
      await repositories.hubStorage.renew();
      await jobs.replace(0, []);
      scheduler.look();
      await consent.review();
      options.logger.log('info', 'Left the hub; its jobs no longer run on this computer');
      return {};
    },
  };
}
