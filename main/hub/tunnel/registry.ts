/** Who is connected to this process, and the rule that a token has one connection. */
import type { WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/close-codes.js';
import type { Signal } from '../signals.js';
import { Session, type SessionPorts } from './session.js';

/** `last_seen_at` of the connected is written this often, ms. */
const noteSeenEvery = 60_000;

export class Registry {
  private readonly sessions = new Map<number, Session>();
  /** Agents whose first connection is being asked for a sign of life. */
  private readonly checking = new Set<number>();
  private cancelTimer: () => void;
  private whenEmpty: () => void = () => undefined;

  constructor(private readonly ports: Omit<SessionPorts, 'ended'>) {
    this.cancelTimer = ports.clock.after(noteSeenEvery, () => this.noteSeen());
  }

  /** Gives a new connection its place, unless another with the same token lives. `socket` is paused and has no listeners yet. */
  async admit(socket: WebSocket, agent: { id: number; name: string }): Promise<void> {
    const first = this.sessions.get(agent.id);
    if (first !== undefined) {
      const taken = this.checking.has(agent.id) || (await this.isAlive(first));
      if (taken) {
        this.ports.logger.log('warn', `A second connection with the token of "${agent.name}" was refused`);
        refuse(socket, closeCodes.alreadyConnected, 'already connected');
        return;
      }
      first.terminate();
    }
    if (socket.readyState !== socket.OPEN) return;
    const session = new Session({ ...this.ports, ended: (ended) => this.ended(ended) }, socket, agent);
    this.sessions.set(agent.id, session);
    socket.resume();
  }

  tell(agentId: number, signal: Signal): void {
    this.sessions.get(agentId)?.tell(signal);
  }

  isOnline(agentId: number): boolean {
    return this.sessions.get(agentId)?.greeted === true;
  }

  get online(): number {
    let count = 0;
    for (const session of this.sessions.values()) if (session.greeted) count += 1;
    return count;
  }

  session(agentId: number): Session | null {
    return this.sessions.get(agentId) ?? null;
  }

  /** Says goodbye to everybody. */
  async close(): Promise<void> {
    this.cancelTimer();
    const seen = this.onlineIds();
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

  private async isAlive(session: Session): Promise<boolean> {
    this.checking.add(session.agent.id);
    try {
      return await session.probe();
    } finally {
      this.checking.delete(session.agent.id);
    }
  }

  private ended(session: Session): void {
    if (this.sessions.get(session.agent.id) !== session) return;
    this.sessions.delete(session.agent.id);
    if (this.sessions.size === 0) this.whenEmpty();
    if (!session.greeted) return;
    this.ports.logger.log('info', `The computer "${session.agent.name}" is disconnected`);
    this.ports.agents.seen([session.agent.id]).catch(() => undefined); // only the time of the last sight; the hub may be stopping
  }

  private onlineIds(): number[] {
    return [...this.sessions].filter(([, session]) => session.greeted).map(([id]) => id);
  }

  private noteSeen(): void {
    this.ports.agents.seen(this.onlineIds())
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
