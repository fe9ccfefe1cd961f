/** What the agent core asks of the tunnel, and what the tunnel tells it. The core knows nothing of WebSockets. */
import type { Connection } from '../shared/control.js';
import type { HubAddress } from '../shared/protocol/link.js';
import type { AgentMethods, HubMethods, ParamsInput, ParamsOf, ResultOf } from '../shared/protocol/methods.js';
import type { RunEventBody } from '../shared/protocol/messages.js';
import type { Job } from '../shared/model.js';

export interface TunnelEvents {
  /** Every change of state; the payload is what screens show. */
  connection(connection: Connection): void;
  /** The hub's job set, whole. The core stores it before this resolves; `jobsRevision` of the next hello tells that it did. */
  jobs(revision: number, jobs: Job[]): Promise<void>;
  runStart(runId: string, jobId: string): void;
  runCancel(runId: string): void;
  /** A request of the hub. Reject with HoldfastError to refuse. */
  request<M extends keyof AgentMethods>(method: M, params: ParamsOf<AgentMethods, M>, signal: AbortSignal): Promise<ResultOf<AgentMethods, M>>;
}

export interface TunnelIdentity extends HubAddress {
  readonly token: string;
}

/** The persistent connection to the hub. Opens, keeps and re-opens itself between `start` and `stop`. */
export interface Tunnel {
  /** Begins connecting; calling it again with another identity replaces the connection. */
  start(identity: TunnelIdentity): void;
  /** Closes the connection and stays closed. `paused` and `not-joined` are what the state then says. */
  stop(state: 'paused' | 'not-joined'): Promise<void>;
  /** Forget the backoff and try at once: the computer woke, or the network changed. */
  nudge(): void;
  /** Asks the hub. @throws HoldfastError `hub-unreachable` when not connected or when no answer comes within the deadline. */
  request<M extends keyof HubMethods>(method: M, params: ParamsInput<HubMethods, M>): Promise<ResultOf<HubMethods, M>>;
  readonly connection: Connection;
}

/**
 * The outbox of run events: on disk before it is sent, kept until the hub has acknowledged it, delivered once and in order.
 * Terminal events are synced to disk before `record` resolves; progress may be lost in a power cut.
 */
export interface Journal {
  readonly id: string;
  record(runId: string, jobId: string, event: RunEventBody): Promise<void>;
}
