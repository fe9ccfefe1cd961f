/** Finds a connection that died without a word. Both ends run one of these over WebSocket pings and whatever else arrives. */
import { heartbeatMs, silenceLimitMs } from './messages.js';

/** How often the silence is looked at, ms; a dead peer is found at most this much after `silenceLimitMs`. */
const lookEvery = 5_000;
/** A peer that is asked whether it is there has this long to say anything, ms. */
export const probeLimitMs = 2_000;

export interface HeartbeatPorts {
  after(ms: number, callback: () => void): () => void;
  ping(): void;
  /** The peer is gone. Called once. */
  dead(): void;
}

/**
 * Counts its own ticks instead of comparing times of day: a corrected clock must not cut ten thousand connections.
 * Time that a computer sleeps may not count; who wakes up calls `probe`.
 */
export class Heartbeat {
  private quietTicks = 0;
  private ticks = 0;
  private over = false;
  private cancelTick: () => void;
  private readonly probes = new Set<(alive: boolean) => void>();

  constructor(private readonly ports: HeartbeatPorts) {
    this.cancelTick = ports.after(lookEvery, () => this.tick());
  }

  /** Anything at all arrived from the peer. */
  heard(): void {
    this.quietTicks = 0;
    for (const settle of [...this.probes]) settle(true);
  }

  /** Asks the peer for a sign of life. @param limitMs how long to wait for it. @returns whether one came in time. */
  probe(limitMs: number = probeLimitMs): Promise<boolean> {
    if (this.over) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (alive: boolean): void => {
        cancel();
        this.probes.delete(settle);
        resolve(alive);
      };
      const cancel = this.ports.after(limitMs, () => settle(false));
      this.probes.add(settle);
      this.ports.ping();
    });
  }

  stop(): void {
    this.over = true;
    this.cancelTick();
    for (const settle of [...this.probes]) settle(false);
  }

  private tick(): void {
    if (this.over) return;
    this.ticks += 1;
    this.quietTicks += 1;
    if (this.quietTicks * lookEvery > silenceLimitMs) {
      this.stop();
      this.ports.dead();
      return;
    }
    if ((this.ticks * lookEvery) % heartbeatMs === 0) this.ports.ping();
    this.cancelTick = this.ports.after(lookEvery, () => this.tick());
  }
}
