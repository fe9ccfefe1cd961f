/** One connection to the hub, from the first byte to the last: hello and welcome, heartbeats, requests, run events. Knows nothing of the next one. */
import { HoldfastError } from '../../shared/errors.js';
import { closeCodes } from '../../shared/protocol/close-codes.js';
import { Heartbeat } from '../../shared/protocol/heartbeat.js';
import { agentMethods, hubMethods, type AgentMethods, type HubMethods } from '../../shared/protocol/methods.js';
import { hubMessageSchema, type AgentMessage, type Hello, type HubMessage, type Welcome } from '../../shared/protocol/messages.js';
import { Peer } from '../../shared/protocol/peer.js';
import type { Clock } from '../ports.js';
import type { TunnelEvents, TunnelIdentity } from '../tunnel-port.js';
import type { Outbox } from './outbox.js';
import { Sender } from './sender.js';
import type { Dial, Wire } from './wire.js';

/** From the first attempt to the hub's welcome, ms. */
const welcomeWithin = 30_000;
/** After a wake or a change of network the hub has this long to answer, ms. */
const answerWithin = 5_000;
/** A goodbye is waited for this long, ms. */
const goodbyeWithin = 2_000;
/** More frames waiting to be handled than this: the hub is flooding us. */
const maxWaitingFrames = 1_000;

export type HelloFacts = Pick<Hello, 'version' | 'host' | 'os' | 'arch' | 'capabilities' | 'jobsRevision'> & { readonly timezone?: string };

export interface ConnectionPorts {
  readonly dial: Dial;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly hello: () => HelloFacts;
  readonly events: Omit<TunnelEvents, 'connection'>;
  welcomed(welcome: Welcome): void;
  /** The end, told once. `error` is what to show; null for an ordinary end. `code` is the WebSocket's. */
  ended(code: number, reason: string, error: HoldfastError | null): void;
}

export class Connection {
  readonly peer: Peer<HubMethods, AgentMethods>;
  private readonly wire: Wire;
  private heartbeat: Heartbeat | null = null;
  private sender: Sender | null = null;
  private state: 'dialling' | 'greeting' | 'welcomed' | 'over' = 'dialling';
  private readonly frames: string[] = [];
  private handling = false;
  /** Why we ended it, where it was us. */
  private ownReason: HoldfastError | null = null;
  private readonly cancelWelcomeTimer: () => void;
  private settleClosed: () => void = () => undefined;
  /** Resolves at the end. */
  readonly closed = new Promise<void>((resolve) => { this.settleClosed = resolve; });

  constructor(private readonly ports: ConnectionPorts, private readonly identity: TunnelIdentity) {
    const { clock } = ports;
    this.peer = new Peer({
      theirs: hubMethods,
      ours: agentMethods,
      after: (ms, callback) => clock.after(ms, callback),
      send: (message) => this.send(message),
      answer: (method, params, signal) => ports.events.request(method, params, signal),
      unreachable: () => new HoldfastError('hub-unreachable', `The hub at ${identity.url} did not answer. Try again when this computer is connected to it.`),
    });
    this.cancelWelcomeTimer = clock.after(welcomeWithin, () => this.giveUp(new HoldfastError('hub-unreachable', `The hub at ${identity.url} does not answer.`)));
    this.wire = ports.dial(identity, {
      opened: () => this.opened(),
      text: (frame) => this.text(frame),
      heard: () => this.heartbeat?.heard(),
      closed: (code, reason, error) => this.over(code, reason, error),
    });
  }

  /** The computer woke or its network changed: is the hub still there? */
  probe(): void {
    void this.heartbeat?.probe(answerWithin).then((alive) => {
      if (!alive) this.giveUp(this.silent());
    });
  }

  /** Says goodbye. Resolves when the hub has answered, or had its time for it. */
  async close(): Promise<void> {
    const cancel = this.ports.clock.after(goodbyeWithin, () => this.wire.terminate());
    this.wire.close(1000, '');
    await this.closed;
    cancel();
  }

  private opened(): void {
    if (this.state !== 'dialling') return;
    this.state = 'greeting';
    this.heartbeat = new Heartbeat({
      after: (ms, callback) => this.ports.clock.after(ms, callback),
      ping: () => this.wire.ping(),
      dead: () => this.giveUp(this.silent()),
    });
    this.send({
      ...this.ports.hello(),
      kind: 'hello',
      clock: new Date(this.ports.clock.now()).toISOString(),
      journalId: this.ports.outbox.id,
    });
  }

  /** Frames are handled one after the other: a job set is stored before a run of one of its jobs begins. */
  private text(frame: string): void {
    if (this.ownReason !== null) return;
    this.frames.push(frame);
    if (this.frames.length > maxWaitingFrames) {
      this.refuse('too many messages at once');
      return;
    }
    if (this.handling) return;
    this.handling = true;
    void this.handleAll().finally(() => { this.handling = false; });
  }

  private async handleAll(): Promise<void> {
    for (let frame = this.frames.shift(); frame !== undefined && this.state !== 'over'; frame = this.frames.shift()) {
      const message = parse(frame);
      if (message === null) return this.refuse('a message was not understood');
      try {
        await this.handle(message);
      } catch (thrown) {
        // Only storing fails here, and a job set that is not stored must come again.
        const cause = thrown instanceof HoldfastError ? thrown : new HoldfastError('internal', 'What the hub sent could not be stored on this computer.', { cause: thrown, retryable: true });
        return this.giveUp(cause);
      }
    }
  }

  private async handle(message: HubMessage): Promise<void> {
    if (message.kind === 'welcome') return this.welcome(message);
    if (this.state !== 'welcomed') return this.refuse('the first message must be a welcome');
    const { events } = this.ports;
    switch (message.kind) {
      case 'jobs.sync': return events.jobs(message.revision, message.jobs);
      case 'run.start': return events.runStart(message.runId, message.jobId);
      case 'run.cancel': return events.runCancel(message.runId);
      case 'ack':
        if (this.sender?.ack(message.seq) !== true) this.refuse('an event was acknowledged that was never sent');
        return;
      case 'request': void this.peer.request(message); return;
      case 'response': return this.peer.response(message);
      case 'request.cancel': return this.peer.cancel(message.id);
    }
  }

  private async welcome(welcome: Welcome): Promise<void> {
    if (this.state !== 'greeting') return this.refuse('a second welcome');
    this.cancelWelcomeTimer();
    this.state = 'welcomed';
    const journal = await this.ports.outbox.resume(welcome.ackedSeq);
    if (this.isOver()) return;
    if (journal === 'restarted') return this.giveUp(new HoldfastError('hub-unreachable', 'The journal begins anew with this hub.'));
    this.sender = new Sender({
      outbox: this.ports.outbox,
      send: (event) => this.send(event),
      failed: (cause) => this.giveUp(new HoldfastError('internal', 'The journal of this computer cannot be written. Make room on its disk.', { cause, retryable: true })),
    }, welcome.ackedSeq);
    this.ports.welcomed(welcome);
  }

  private send(message: AgentMessage): void {
    if (this.state !== 'over') this.wire.send(JSON.stringify(message));
  }

  private refuse(reason: string): void {
    this.ownReason ??= new HoldfastError('protocol-violation', `The hub at ${this.identity.url} sent something that this version does not understand (${reason}). Update Holdfast on both sides.`, { retryable: true });
    this.frames.length = 0;
    this.wire.close(closeCodes.badMessage, reason);
  }

  private giveUp(error: HoldfastError): void {
    if (this.isOver()) return;
    this.ownReason ??= error;
    this.wire.terminate();
  }

  private silent(): HoldfastError {
    return new HoldfastError('hub-unreachable', `The hub at ${this.identity.url} fell silent.`);
  }

  private isOver(): boolean {
    return this.state === 'over';
  }

  private over(code: number, reason: string, error: HoldfastError | null): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.frames.length = 0;
    this.cancelWelcomeTimer();
    this.heartbeat?.stop();
    this.sender?.stop();
    this.peer.close();
    this.ports.ended(code, reason, this.ownReason ?? error);
    this.settleClosed();
  }
}

function parse(frame: string): HubMessage | null {
  try {
    const parsed = hubMessageSchema.safeParse(JSON.parse(frame));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
