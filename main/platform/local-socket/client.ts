/** The running agent of a data folder, from another process. */
import { createConnection, type Socket } from 'node:net';
import {
  controlEvents, controlMethods, type AgentControl, type ControlEvents, type ControlMethod, type ControlParams, type ControlResult,
} from '../../shared/control.js';
import { HoldfastError } from '../../shared/errors.js';
import { localReplySchema } from '../../shared/wire.js';
import { fileError, systemCode } from '../files/errors.js';
import { within } from '../time-limit.js';
import { parseLine, readLines, writeLine } from './lines.js';
import { agentSocketPath } from './socket-path.js';

export interface AttachedControl extends AgentControl {
  /** Called once when the agent has ended or the connection broke, not after `close`. */
  onLost(listener: () => void): void;
  close(): void;
}

/** ms to open the socket; a local one opens at once or its owner hangs. */
const patience = 5_000;

/** @throws HoldfastError `not-found` when no agent runs there. */
export async function connectAgentControl(dataFolder: string): Promise<AttachedControl> {
  const path = agentSocketPath(dataFolder);
  const socket = createConnection(path);
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  try {
    await within(patience, connected, () => new HoldfastError('already-running', 'The running agent does not answer. Wait a moment, or end it and start it again.'));
  } catch (cause) {
    socket.destroy();
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ECONNREFUSED') {
      throw new HoldfastError('not-found', `No agent is running for ${dataFolder}. Start it with: holdfast agent`, { cause });
    }
    throw fileError(`reach the agent at ${path}`, cause);
  }
  return new Client(socket);
}

type Listeners = { [E in keyof ControlEvents]: Set<(payload: ControlEvents[E]) => void> };

class Client implements AttachedControl {
  private nextId = 1;
  private readonly open = new Map<number, { resolve: (result: unknown) => void; reject: (error: HoldfastError) => void }>();
  private readonly listeners: Listeners = { state: new Set(), log: new Set() };
  private readonly subscribed = new Set<string>();
  private closed = false;
  private lost = (): void => undefined;

  constructor(private readonly socket: Socket) {
    readLines(socket, (line) => this.take(line), () => socket.destroy());
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => {
      const error = new HoldfastError('not-found', 'The agent has ended. Start it again.', { retryable: true });
      for (const { reject } of this.open.values()) reject(error);
      this.open.clear();
      if (!this.closed) this.lost();
      this.closed = true;
    });
  }

  async call<M extends ControlMethod>(method: M, params: ControlParams<M>): Promise<ControlResult<M>> {
    const answer = controlMethods[method].result.safeParse(await this.ask(method, params));
    if (!answer.success) throw new HoldfastError('upgrade-needed', 'The running agent is of another version. Restart it.', { cause: answer.error });
    return answer.data as ControlResult<M>;
  }

  on<E extends keyof ControlEvents>(event: E, listener: (payload: ControlEvents[E]) => void): () => void {
    const listeners: Set<(payload: ControlEvents[E]) => void> = this.listeners[event];
    listeners.add(listener);
    if (!this.subscribed.has(event)) {
      this.subscribed.add(event);
      this.ask('subscribe', { event }).catch(() => undefined); // only fails when the agent is gone, which onLost tells
    }
    return () => listeners.delete(listener);
  }

  onLost(listener: () => void): void {
    this.lost = listener;
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }

  private ask(method: string, params: unknown): Promise<unknown> {
    if (this.closed) return Promise.reject(new HoldfastError('not-found', 'The agent has ended. Start it again.', { retryable: true }));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      writeLine(this.socket, { id, method, params });
    });
  }

  private take(line: string): void {
    const reply = localReplySchema.safeParse(parseLine(line));
    if (!reply.success) {
      this.socket.destroy();
      return;
    }
    const message = reply.data;
    if (message.kind === 'event') {
      this.tell(message.event, message.payload);
      return;
    }
    const waiting = this.open.get(message.id);
    this.open.delete(message.id);
    if (message.kind === 'result') waiting?.resolve(message.result);
    else waiting?.reject(HoldfastError.fromShape(message.error));
  }

  private tell(event: string, payload: unknown): void {
    if (event === 'state') {
      const state = controlEvents.state.safeParse(payload);
      if (state.success) for (const listener of this.listeners.state) listener(state.data);
    } else if (event === 'log') {
      const entry = controlEvents.log.safeParse(payload);
      if (entry.success) for (const listener of this.listeners.log) listener(entry.data);
    }
  }
}
