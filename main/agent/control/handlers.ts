/** What the window, the tray and the command line can ask of the agent: each method of the control contract, by topic. */
import type { AgentParts } from '../parts.js';
import { agentState } from '../view.js';
import { consentHandlers } from './consent.js';
import type { Handlers } from './contract.js';
import { destinationHandlers } from './destinations.js';
import { jobHandlers } from './jobs.js';
import { membershipHandlers } from './membership.js';
import { restoreHandlers } from './restore.js';

export function controlHandlers(parts: AgentParts): Handlers {
  const { activity, options, sourcePasswords } = parts;
  return {
    state: () => agentState(parts),
    pause: async ({ until }) => {
      await activity.pause(until);
      return {};
    },
    resume: async () => {
      await activity.resume();
      return {};
    },
    discover: ({ folders }) => options.discover(folders),
    setSourcePassword: async ({ target, password }) => {
      await sourcePasswords.set(target, password);
      return {};
    },
    logs: ({ after, limit, level }) => ({ entries: options.logs.read(after, limit, level) }),
    ...jobHandlers(parts),
    ...destinationHandlers(parts),
    ...membershipHandlers(parts),
    ...consentHandlers(parts),
    ...restoreHandlers(parts),
  };
}
