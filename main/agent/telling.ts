/** Tells screens how the agent is: soon after a change, not more often than they can show, and never the same twice. */
import type { AgentState } from '../shared/control.js';
import type { Clock } from './ports.js';

/** Screens are told of changes at most this often, ms. */
const tellEvery = 250;
/** Ages grow and schedules fall due without an event; look this often, ms. */
const ageEvery = 60_000;

export class Telling {
  private readonly listeners = new Set<(state: AgentState) => void>();
  private tellTimer: (() => void) | null = null;
  private ageTimer: (() => void) | null = null;
  private lastTold = '';
  private closed = false;

  constructor(private readonly clock: Pick<Clock, 'after'>, private readonly state: () => AgentState) {}

  /** @returns a function that ends the subscription. */
  on(listener: (state: AgentState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Something changed: listeners are told soon. */
  changed(): void {
    if (this.closed || this.tellTimer !== null) return;
    this.tellTimer = this.clock.after(tellEvery, () => {
      this.tellTimer = null;
      this.tell();
    });
  }

  /** From now on listeners also learn what only time has changed. */
  watchAges(): void {
    this.ageTimer = this.clock.after(ageEvery, () => {
      this.changed();
      this.watchAges();
    });
  }

  close(): void {
    this.closed = true;
    this.ageTimer?.();
    this.tellTimer?.();
  }

  private tell(): void {
    if (this.listeners.size === 0) return;
    const state = this.state();
    const text = JSON.stringify(state);
    if (text === this.lastTold) return;
    this.lastTold = text;
    for (const listener of this.listeners) listener(state);
  }
}
