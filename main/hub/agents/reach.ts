/** Asking an agent something through its tunnel. */
import { HoldfastError } from '../../shared/errors.js';
import type { AgentMethods, ParamsInput, ResultOf } from '../../shared/protocol/methods.js';
import type { Cluster } from '../cluster/cluster.js';
import type { Registry } from '../tunnel/registry.js';

/** Looking into a large repository on a slow disk takes its time, ms. */
const patience = 120_000;

export class Reach {
  constructor(private readonly registry: Pick<Registry, 'session'>, private readonly cluster: Pick<Cluster, 'online'>) {}

  /** @throws HoldfastError what the agent answered, or `hub-unreachable` where it is not connected to this process. */
  async ask<M extends keyof AgentMethods & string>(agentId: number, method: M, params: ParamsInput<AgentMethods, M>): Promise<ResultOf<AgentMethods, M>> {
    const session = this.registry.session(agentId);
    if (session?.greeted === true) return session.peer.ask(method, params, { deadlineMs: patience });
    const elsewhere = (await this.cluster.online()).has(agentId);
    throw new HoldfastError('hub-unreachable', elsewhere
      ? 'That computer is connected to another process of this hub, which this one cannot ask. Open the dashboard at the address that the computer uses.'
      : 'That computer is not connected now. Try again when it is; on the computer itself a restore needs no hub.', { retryable: true });
  }
}
