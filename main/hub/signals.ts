/** "Something about this agent has changed in the store": how admin and API tell the process that holds the agent's connection. */

/** `jobs`: its job set. `orders`: a run to start or to cancel. `removed`: it was deleted. */
export type Signal = 'jobs' | 'orders' | 'removed';

export interface Signals {
  publish(agentId: number, signal: Signal): void;
  subscribe(listener: (agentId: number, signal: Signal) => void): void;
}

/** For one hub process. */
export function localSignals(): Signals {
  const listeners: ((agentId: number, signal: Signal) => void)[] = [];
  return {
    publish: (agentId, signal) => { for (const listener of listeners) listener(agentId, signal); },
    subscribe: (listener) => { listeners.push(listener); },
  };
}
