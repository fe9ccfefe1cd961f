/** The hub's end of one agent's connection, from hello to the end. */
import type { WebSocket } from 'ws';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { closeCodes } from '../../shared/protocol/close-codes.js';
import { Heartbeat } from '../../shared/protocol/heartbeat.js';
import { agentMethods, hubMethods, type AgentMethods, type HubMethods } from '../../shared/protocol/methods.js';
import { agentMessageSchema, type AgentMessage, type Hello, type HubMessage, type RunEvent } from '../../shared/protocol/messages.js';
import { Peer } from '../../shared/protocol/peer.js';
import type { Agents, StoredAgent } from '../agents/agents.js';
import type { Escrow } from '../escrow/escrow.js';
import type { Jobs } from '../jobs/jobs.js';
import type { HubClock, HubLogger } from '../options.js';
import { StaleConnection, type Ingest } from '../runs/ingest.js';
import type { Runs } from '../runs/runs.js';
import type { Signal } from '../signals.js';
import type { HubStorage } from '../storage/storage.js';

/** A connection that says no hello is of no use, ms. */
const helloWithin = 30_000;
/** A hub that was too busy to read finds the hello in its socket when it looks this much later, ms. */
const secondLook = 1_000;
/** "Try again later" (RFC 6455's registry): an ordinary end. */
const closeLater = 1013;
/** With this many frames waiting the socket is not read any more until they are handled: a flood costs the sender, not the hub. */
const pauseAt = 256;
/** A goodbye is waited for this long, ms. */
const goodbyeWithin = 2_000;

export interface SessionPorts {
  readonly clock: HubClock;
  readonly logger: HubLogger;
  readonly agents: Agents;
  readonly jobs: Jobs;
  readonly runs: Runs;
  readonly ingest: Ingest;
  readonly storage: Pick<HubStorage, 'offered' | 'issueTo'>;
  readonly escrow: Pick<Escrow, 'recipient' | 'keep'>;
  readonly hub: { readonly name: string; readonly version: string };
  ended(session: Session): void;
}

export class Session {
  readonly peer: Peer<AgentMethods, HubMethods>;
  greeted = false;
  private over = false;
  private closing = false;
  private frames: string[] = [];
  private handling = false;
  private journalId = '';
  private lastSeq = 0;
  private sentRevision = -1;
  /** Job sets and orders go out one after the other: a run is ordered only after the job it is of. */
  private telling: Promise<void> = Promise.resolve();
  private readonly heartbeat: Heartbeat;
  private cancelHelloTimer: () => void;

  constructor(private readonly ports: SessionPorts, private readonly socket: WebSocket, readonly agent: StoredAgent) {
    const { clock, escrow, jobs, storage } = ports;
    const after = (ms: number, callback: () => void): (() => void) => clock.after(ms, callback);
    this.heartbeat = new Heartbeat({ after, ping: () => this.socket.ping(), dead: () => this.terminate() });
    this.cancelHelloTimer = after(helloWithin, () => {
      // No bad message: whoever is slow may come again.
      this.cancelHelloTimer = after(secondLook, () => this.close(closeLater, 'no hello came'));
    });
    const owner = { agentId: agent.id };
    const answers: { [M in keyof HubMethods]: (params: unknown) => Promise<unknown> } = {
      'jobs.create': async (params) => ({ job: await jobs.create(agent.id, hubMethods['jobs.create'].params.parse(params).draft) }),
      'jobs.update': async (params) => {
        const { jobId, draft } = hubMethods['jobs.update'].params.parse(params);
        return { job: await jobs.update(owner, jobId, draft) };
      },
      'jobs.delete': async (params) => {
        await jobs.delete(owner, hubMethods['jobs.delete'].params.parse(params).jobId);
        return {};
      },
      'hub.offers': async () => ({ storage: await storage.offered(), recipient: await escrow.recipient() }),
      'storage.credentials': () => storage.issueTo(agent.id),
      'escrow.seal': async (params) => {
        await escrow.keep(agent.id, hubMethods['escrow.seal'].params.parse(params).passwords);
        return {};
      },
      'consent.report': async (params) => {
        await ports.agents.noteHeld(agent, hubMethods['consent.report'].params.parse(params).held);
        return {};
      },
    };
    this.peer = new Peer({
      theirs: agentMethods,
      ours: hubMethods,
      after,
      send: (message) => this.send(message),
      answer: async (method, params) => hubMethods[method].result.parse(await answers[method](params)) as never,
      unreachable: () => new HoldfastError('hub-unreachable', `The computer "${agent.name}" is not connected. Try again when it is on and in a network.`),
    });
    socket.on('message', (data, isBinary) => this.received(data, isBinary));
    socket.on('ping', () => this.heartbeat.heard());
    socket.on('pong', () => this.heartbeat.heard());
    socket.on('error', () => undefined); // `close` follows and tells
    socket.on('close', () => this.end());
  }

  /** Is somebody there? Asked when a second connection comes with the same token. */
  probe(): Promise<boolean> {
    // One that is being closed still answers pings, and must not stand in the way of the next.
    return this.closing ? Promise.resolve(false) : this.heartbeat.probe();
  }

  /** Something about this agent changed in the store. */
  tell(signal: Signal): void {
    if (signal === 'removed') this.close(closeCodes.revoked, 'removed from the hub');
    else if (this.greeted) this.telling = this.telling.then(() => (signal === 'jobs' ? this.sendJobs() : this.sendOrders())).catch((error: unknown) => this.failed(error));
  }

  close(code: number, reason: string): void {
    if (this.over || this.closing) return;
    this.closing = true;
    this.frames = [];
    this.socket.resume();
    this.socket.close(code, reason);
    this.ports.clock.after(goodbyeWithin, () => this.terminate());
  }

  terminate(): void {
    this.socket.terminate();
    this.end();
  }

  private received(data: unknown, isBinary: boolean): void {
    this.heartbeat.heard();
    if (this.closing || this.over) return;
    if (isBinary || !Buffer.isBuffer(data)) return this.refuse('messages are text');
    this.frames.push(data.toString('utf8'));
    if (this.frames.length >= pauseAt) this.socket.pause();
    if (this.handling) return;
    this.handling = true;
    void this.handleAll();
  }

  private async handleAll(): Promise<void> {
    try {
      while (this.frames.length > 0 && !this.closing) {
        const frames = this.frames;
        this.frames = [];
        await this.handleGroup(frames);
        if (this.socket.isPaused && this.frames.length < pauseAt) this.socket.resume();
      }
    } catch (error) {
      this.failed(error);
    }
    this.handling = false;
  }

  /** Run events that follow each other are stored together. */
  private async handleGroup(frames: readonly string[]): Promise<void> {
    let events: RunEvent[] = [];
    for (const frame of frames) {
      const message = parse(frame);
      if (message === null) {
        // What came before the bad one was right and is kept.
        await this.store(events);
        return this.refuse('a message was not understood');
      }
      if (message.kind === 'run.event' && this.greeted) {
        events.push(message);
        continue;
      }
      await this.store(events);
      events = [];
      if (this.closing) return;
      await this.handle(message);
      if (this.closing) return;
    }
    await this.store(events);
  }

  private async handle(message: AgentMessage): Promise<void> {
    if (message.kind === 'hello') return this.greeted ? this.refuse('a second hello') : this.greet(message);
    if (!this.greeted) return this.refuse('the first message must be a hello');
    switch (message.kind) {
      case 'request': void this.peer.request(message); return;
      case 'response': return this.peer.response(message);
      case 'request.cancel': return this.peer.cancel(message.id);
      case 'run.event': return; // stored above
    }
  }

  private async greet(hello: Hello): Promise<void> {
    this.cancelHelloTimer();
    const { agents, clock, hub, logger } = this.ports;
    const { agent } = this;
    const { ackedSeq, jobsRevision } = await agents.greet(agent, hello);
    if (this.over || this.closing) return;
    this.journalId = hello.journalId;
    this.lastSeq = ackedSeq;
    this.greeted = true;
    this.send({
      kind: 'welcome', version: hub.version, hubName: hub.name, agentId: String(agent.id), agentName: agent.name,
      clock: new Date(clock.now()).toISOString(), ackedSeq,
    });
    this.sentRevision = hello.jobsRevision;
    logger.log('info', `The computer "${agent.name}" is connected`);
    if (jobsRevision !== hello.jobsRevision) this.tell('jobs');
    this.tell('orders');
  }

  /** @param events as they came. Those that are stored already are acknowledged again and change nothing. */
  private async store(events: readonly RunEvent[]): Promise<void> {
    if (events.length === 0) return;
    const fresh = events.filter((event) => event.seq > this.lastSeq);
    const inOrder = fresh.every((event, index) => event.seq === this.lastSeq + 1 + index);
    if (!inOrder) return this.refuse('run events must follow each other without gaps');
    if (fresh.length > 0) {
      await this.ports.ingest.submit({ agentId: this.agent.id, journalId: this.journalId, events: fresh });
      this.lastSeq += fresh.length;
    }
    if (this.lastSeq > 0) this.send({ kind: 'ack', seq: this.lastSeq });
  }

  private async sendJobs(): Promise<void> {
    const { revision, jobs } = await this.ports.jobs.setOf(this.agent.id);
    if (revision === this.sentRevision) return;
    this.sentRevision = revision;
    this.send({ kind: 'jobs.sync', revision, jobs });
  }

  private async sendOrders(): Promise<void> {
    const { start, cancel } = await this.ports.runs.ordersFor(this.agent.id);
    for (const order of start) this.send({ kind: 'run.start', ...order });
    for (const runId of cancel) this.send({ kind: 'run.cancel', runId });
  }

  private send(message: HubMessage): void {
    if (!this.over && this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private refuse(reason: string): void {
    this.ports.logger.log('warn', `The connection of "${this.agent.name}" was closed: ${reason}`);
    this.close(closeCodes.badMessage, reason);
  }

  /** Our own fault, or an outdated connection: the agent comes again and finds things in order. */
  private failed(error: unknown): void {
    if (this.over) return;
    if (!(error instanceof StaleConnection)) this.ports.logger.log('error', `The hub could not serve "${this.agent.name}": ${asHoldfastError(error).message}`);
    this.close(1011, 'try again');
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.frames = [];
    this.cancelHelloTimer();
    this.heartbeat.stop();
    this.peer.close();
    this.ports.ended(this);
  }
}

function parse(frame: string): AgentMessage | null {
  try {
    const parsed = agentMessageSchema.safeParse(JSON.parse(frame));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
