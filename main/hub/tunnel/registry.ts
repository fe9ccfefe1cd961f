/** Who is connected to this process, and the rule that a token has one connection. */
import type { WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/close-codes.js';
import type { StoredAgent } from '../agents/agents.js';
import type { Cluster, Holder } from '../cluster/cluster.js';
import type { Signal } from '../signals.js';
import { Session, type SessionPorts } from './session.js';

/** `last_seen_at` of those who are and were connected is written this often, ms. */
const noteSeenEvery = 15_000;

export class Registry implements Holder {
  private readonly sessions = new Map<number, Session>();
  /** Agents whose new connection waits for its place; a third one need not ask. */
  private readonly admitting = new Set<number>();
  /** Connected until a moment ago. */
  private readonly lastSeen = new Set<number>();
  private cancelTimer: () => void;
  private whenEmpty: () => void = () => undefined;

  constructor(private readonly ports: Omit<SessionPorts, 'ended'> & { readonly cluster: Cluster }) {
    this.cancelTimer = ports.clock.after(noteSeenEvery, () => this.noteSeen());
  }

  /** Gives a new connection its place, unless another with the same token lives. `socket` is paused and has no listeners yet. */
  async admit(socket: WebSocket, agent: StoredAgent): Promise<void> {
    if (this.admitting.has(agent.id) || !(await this.isFree(agent.id))) {
      this.ports.logger.log('warn', `A second connection with the token of "${agent.name}" was refused`);
      refuse(socket, closeCodes.alreadyConnected, 'already connected');
      return;
    }
    if (socket.readyState !== socket.OPEN) return this.ports.cluster.release(agent.id);
    const session = new Session({ ...this.ports, ended: (ended) => this.ended(ended) }, socket, agent);
    this.sessions.set(agent.id, session);
    socket.resume();
  }

  /** Does the agent's connection here live? One that does not answer is ended. */
  async isAlive(agentId: number): Promise<boolean> {
    const session = this.sessions.get(agentId);
    if (session === undefined) return false;
    if (await session.probe()) return true;
    session.terminate();
    return false;
  }

  /** Another hub process has this agent now. */
  taken(agentId: number): void {
    this.sessions.get(agentId)?.terminate();
  }

  holds(agentId: number): boolean {
    return this.sessions.has(agentId);
  }

  tellAll(): void {
    for (const session of this.sessions.values()) {
      session.tell('jobs');
      session.tell('orders');
    }
  }

  tell(agentId: number, signal: Signal): void {
    this.sessions.get(agentId)?.tell(signal);
  }

  session(agentId: number): Session | null {
    return this.sessions.get(agentId) ?? null;
  }

  /** Says goodbye to everybody. */
  async close(): Promise<void> {
    this.cancelTimer();
    const seen = [...new Set([...this.lastSeen, ...this.onlineIds()])];
    for (const session of [...this.sessions.values()]) session.close(1001, 'the hub is stopping');
    await this.ports.agents.seen(seen);
  }

  /** Resolves when nobody is connected any more. */
  empty(): Promise<void> {
    if (this.sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => { this.whenEmpty = resolve; });
  }

  /** Ends what did not answer the goodbye. */
  terminate(): void {
    for (const session of [...this.sessions.values()]) session.terminate();
  }

  private async isFree(agentId: number): Promise<boolean> {
    this.admitting.add(agentId);
    try {
      return !(await this.isAlive(agentId)) && (await this.ports.cluster.claim(agentId));
    } finally {
      this.admitting.delete(agentId);
    }
  }

  private ended(session: Session): void {
    if (this.sessions.get(session.agent.id) !== session) return;
    this.sessions.delete(session.agent.id);
    this.ports.cluster.release(session.agent.id);
    if (this.sessions.size === 0) this.whenEmpty();
    if (!session.greeted) return;
    this.ports.logger.log('info', `The computer "${session.agent.name}" is disconnected`);
    this.lastSeen.add(session.agent.id);
  }

  onlineIds(): number[] {
    return [...this.sessions].filter(([, session]) => session.greeted).map(([id]) => id);
  }

  private noteSeen(): void {
    const seen = new Set([...this.lastSeen, ...this.onlineIds()]);
    this.lastSeen.clear();
    this.ports.agents.seen([...seen])
      .catch((error: unknown) => this.ports.logger.log('error', `The hub's database cannot be written: ${String(error)}`))
      .finally(() => { this.cancelTimer = this.ports.clock.after(noteSeenEvery, () => this.noteSeen()); });
  }
}

/** Closes a connection that got no session. It must not linger when the other side does not answer. */
export function refuse(socket: WebSocket, code: number, reason: string): void {
  socket.on('error', () => undefined);
  const timer = setTimeout(() => socket.terminate(), 2_000);
  socket.on('close', () => clearTimeout(timer));
  socket.resume();
  socket.close(code, reason);
}
