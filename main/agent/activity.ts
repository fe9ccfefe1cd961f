/** Whether the agent is at work: connected and watching the schedule, or paused for a while. */
import { asHoldfastError } from '../shared/errors.js';
import type { Memory } from './memory.js';
import type { Membership } from './membership.js';
import type { Clock, Logger } from './ports.js';
import type { Tunnel } from './tunnel-port.js';

/** A locked keychain is asked again this often, ms. */
const keychainAgainAfter = 15_000;

export interface ActivityOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory: Memory;
  readonly membership: Membership;
  readonly tunnel: Tunnel;
  /** What works by the clock. */
  readonly timed: readonly { start(): void; stop(): void }[];
  readonly changed: () => void;
}

export class Activity {
  private timer: (() => void) | null = null;
  private closed = false;

  constructor(private readonly options: ActivityOptions) {}

  /** Goes on as it was left: a pause survives a restart. */
  async begin(): Promise<void> {
    const { paused } = this.options.memory.settings;
    if (paused === null || (paused.until !== null && Date.parse(paused.until) <= this.options.clock.now())) await this.go();
    else await this.halt(paused.until);
  }

  /** @param until an ISO time, or null for until resumed */
  async pause(until: string | null): Promise<void> {
    await this.options.memory.remember({ paused: { until } });
    await this.halt(until);
    this.options.logger.log('info', until === null ? 'Paused until resumed' : `Paused until ${until}`);
  }

  async resume(): Promise<void> {
    await this.options.memory.remember({ paused: null });
    this.options.logger.log('info', 'Resumed');
    await this.go();
  }

  async go(): Promise<void> {
    const { logger, memory, membership, tunnel, clock } = this.options;
    this.timer?.();
    this.timer = null;
    if (memory.settings.paused !== null) await memory.remember({ paused: null });
    for (const timed of this.options.timed) timed.start();
    try {
      const identity = await membership.identity();
      if (identity === null) await tunnel.stop('not-joined');
      else tunnel.start(identity);
    } catch (thrown) {
      // A locked keychain: look again, for its owner unlocks it when they log in.
      const error = asHoldfastError(thrown);
      logger.log('error', error.message);
      if (error.retryable && !this.closed) this.timer = clock.after(keychainAgainAfter, () => void this.go());
    }
    this.options.changed();
  }

  /** Nothing new begins; the tunnel is left to the caller, who has more to tell the hub. */
  close(): void {
    this.closed = true;
    this.timer?.();
    for (const timed of this.options.timed) timed.stop();
  }

  private async halt(until: string | null): Promise<void> {
    const { clock, tunnel } = this.options;
    this.timer?.();
    for (const timed of this.options.timed) timed.stop();
    this.timer = until === null ? null : clock.after(Math.max(Date.parse(until) - clock.now(), 0), () => void this.go());
    await tunnel.stop('paused');
    this.options.changed();
  }
}
