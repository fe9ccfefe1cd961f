/** Several hub processes on one database work as one. What they must tell each other, and the one process that needs to tell nobody. */
import type { Signal, Signals } from '../signals.js';
import { localSignals } from '../signals.js';

/** The connections of this process, as the others see them. */
export interface Holder {
  /** Does the agent's connection here live? One that does not answer is ended. */
  isAlive(agentId: number): Promise<boolean>;
  /** Another process has the agent now. */
  taken(agentId: number): void;
  holds(agentId: number): boolean;
  onlineIds(): number[];
  tell(agentId: number, signal: Signal): void;
  /** Signals may have been missed: look at everything again. */
  tellAll(): void;
}

export interface Cluster extends Signals {
  /** Makes this process the one that has the agent's connection. False while a connection elsewhere lives. */
  claim(agentId: number): Promise<boolean>;
  /** The agent's connection here is over. */
  release(agentId: number): void;
  /** Agents connected to any process. */
  online(): Promise<ReadonlySet<number>>;
  /** Takes or keeps for `ms` what only one process may do at a time. False while another one has it. */
  lease(name: string, ms: number): Promise<boolean>;
  /** Told once, before the first claim. */
  serve(holder: Holder): void;
  close(): Promise<void>;
}

export function singleProcess(): Cluster {
  let holder: Holder | null = null;
  return {
    ...localSignals(),
    claim: () => Promise.resolve(true),
    release: () => undefined,
    online: () => Promise.resolve(new Set(holder?.onlineIds() ?? [])),
    lease: () => Promise.resolve(true),
    serve: (its) => { holder = its; },
    close: () => Promise.resolve(),
  };
}
