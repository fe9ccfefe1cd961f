/** Keeps one connection to the hub: decides when to dial, waits between attempts, and stops for good when the hub has refused for good. */
import { HoldfastError } from '../../shared/errors.js';
import type { Connection as ConnectionState } from '../../shared/control.js';
import { errorForClose, isPermanentClose } from '../../shared/protocol/close-codes.js';
import type { HubMethods, ParamsInput, ResultOf } from '../../shared/protocol/methods.js';
import type { Clock, Logger } from '../ports.js';
import type { Tunnel, TunnelEvents, TunnelIdentity } from '../tunnel-port.js';
import { Backoff } from './backoff.js';
import { Connection, type HelloFacts } from './connection.js';
import type { Outbox } from './outbox.js';
import type { Dial } from './wire.js';

export interface TunnelOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly journal: Outbox;
  /** Asked for anew at each connection. */
  readonly hello: () => HelloFacts;
  readonly events: TunnelEvents;
}

export const createTunnel = (options: TunnelOptions): Tunnel => new Supervisor(options);

class Supervisor implements Tunnel {
  private identity: TunnelIdentity | null = null;
  private current: Connection | null = null;
  private cancelTimer: (() => void) | null = null;
  private readonly backoff: Backoff;
  private shown: ConnectionState;
  private connectedAt = 0;

  constructor(private readonly options: TunnelOptions) {
    this.backoff = new Backoff(options.random);
    this.shown = { state: 'not-joined', hub: null, hubName: null, since: this.now(), nextAttemptAt: null, lastError: null };
  }

  get connection(): ConnectionState {
    return this.shown;
  }

  start(identity: TunnelIdentity): void {
    const same = this.identity !== null && this.identity.url === identity.url && this.identity.token === identity.token && this.identity.fingerprint === identity.fingerprint;
    if (same && this.shown.state !== 'stopped') return;
    void this.leave();
    this.identity = identity;
    this.backoff.reset();
    this.show({ hub: identity.url, ...(same ? {} : { hubName: null, lastError: null }) });
    this.connect();
  }

  async stop(state: 'paused' | 'not-joined'): Promise<void> {
    const ending = this.leave();
    this.identity = null;
    this.show({ state, nextAttemptAt: null, ...(state === 'not-joined' ? { hub: null, hubName: null, lastError: null } : {}) });
    await ending;
  }

  nudge(): void {
    if (this.shown.state === 'connected') {
      this.current?.probe();
    } else if (this.shown.state === 'waiting') {
      this.backoff.reset();
      this.connect();
    }
  }

  request<M extends keyof HubMethods>(method: M, params: ParamsInput<HubMethods, M>): Promise<ResultOf<HubMethods, M>> {
    if (this.current === null || this.shown.state !== 'connected') {
      return Promise.reject(new HoldfastError('hub-unreachable', 'This computer is not connected to its hub right now. Try again when it is.'));
    }
    return this.current.peer.ask(method, params);
  }

  private connect(): void {
    const { identity } = this;
    if (identity === null) return;
    this.cancelTimer?.();
    this.cancelTimer = null;
    this.show({ state: 'connecting', nextAttemptAt: null });
    const { dial, clock, journal, hello, events } = this.options;
    const connection: Connection = new Connection({
      dial, clock, hello, outbox: journal, events,
      welcomed: (welcome) => {
        if (connection !== this.current) return;
        this.connectedAt = clock.now();
        this.options.logger.log('info', `Connected to ${welcome.hubName} at ${identity.url} as "${welcome.agentName}"`);
        this.noteSkew(Date.parse(welcome.clock));
        this.show({ state: 'connected', hubName: welcome.hubName });
      },
      ended: (code, reason, error) => {
        if (connection === this.current) this.lost(code, reason, error);
      },
    }, identity);
    this.current = connection;
  }

  private lost(code: number, reason: string, error: HoldfastError | null): void {
    const { clock, logger } = this.options;
    const wasConnected = this.shown.state === 'connected';
    this.current = null;
    if (wasConnected) this.backoff.connectionLasted(clock.now() - this.connectedAt);
    const shown = errorForClose(code, reason) ?? error ?? (wasConnected ? null : new HoldfastError('hub-unreachable', `The hub closed the connection (${code}${reason === '' ? '' : `, ${reason}`}).`));
    if (shown !== null) this.show({ lastError: { ...shown.toShape(), at: this.now() } });
    if (isPermanentClose(code)) {
      logger.log('error', shown?.message ?? 'The hub refused this computer.');
      this.show({ state: 'stopped', nextAttemptAt: null });
      return;
    }
    const wait = this.backoff.next();
    logger.log(wasConnected || shown?.code === 'already-connected' ? 'warn' : 'info', `${shown?.message ?? 'The connection to the hub ended.'} Trying again in ${Math.round(wait / 1000)} s`);
    this.show({ state: 'waiting', nextAttemptAt: new Date(clock.now() + wait).toISOString() });
    this.cancelTimer = clock.after(wait, () => this.connect());
  }

  /** Ends whatever goes on. Resolves when that is over. */
  private async leave(): Promise<void> {
    this.cancelTimer?.();
    this.cancelTimer = null;
    const leaving = this.current;
    this.current = null;
    await leaving?.close();
  }

  private noteSkew(hubClock: number): void {
    const skew = Math.round((hubClock - this.options.clock.now()) / 1000);
    if (Math.abs(skew) >= 60) this.options.logger.log('warn', `The clocks of this computer and the hub differ by ${Math.abs(skew)} s; times on the two screens will too`);
  }

  private show(change: Partial<ConnectionState>): void {
    const since = change.state !== undefined && change.state !== this.shown.state ? this.now() : this.shown.since;
    this.shown = { ...this.shown, ...change, since };
    this.options.events.connection(this.shown);
  }

  private now(): string {
    return new Date(this.options.clock.now()).toISOString();
  }
}
