import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Turnstile } from '../../../main/hub/tunnel/turnstile.js';

const inside = 128;

class Clock {
  time = 0;
  private timers = new Set<{ at: number; callback: () => void }>();
  now(): number { return this.time; }
  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return () => { this.timers.delete(timer); };
  }
  pass(ms: number): void {
    this.time += ms;
    for (const timer of [...this.timers]) if (timer.at <= this.time && this.timers.delete(timer)) timer.callback();
  }
}

class Connection extends EventEmitter {
  destroyed = false;
  readonly remoteAddress = '127.0.0.1';
  constructor(readonly remotePort: number) { super(); }
  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.emit('close');
    return this;
  }
}

function turnstile() {
  const clock = new Clock();
  const letIn: number[] = [];
  const it = new Turnstile(clock, (socket) => { letIn.push(socket.remotePort ?? 0); });
  const arrive = (from: number, to: number): Connection[] => Array.from({ length: to - from + 1 }, (_, n) => {
    const connection = new Connection(from + n);
    it.arrived(connection as Connection & Socket);
    return connection;
  });
  return { clock, letIn, it, arrive };
}

describe('many connections at once', () => {
  it('are let in a few at a time: the oldest and the newest in turns', () => {
    const { arrive, it: stile, letIn } = turnstile();
    const all = arrive(1, inside + 10);
    expect(letIn).toEqual(Array.from({ length: inside }, (_, n) => n + 1));
    for (const connection of all.slice(0, 4)) stile.served(connection);
    stile.served(all[0] ?? new Connection(0)); // told twice: one place
    expect(letIn.slice(inside).sort((a, b) => a - b)).toEqual([inside + 1, inside + 2, inside + 9, inside + 10]);
  });

  it('that end, or take too long, make room', () => {
    const { arrive, clock, letIn } = turnstile();
    const all = arrive(1, 3 * inside);
    all[5]?.destroy();
    expect(letIn).toHaveLength(inside + 1);
    clock.pass(2_001);
    expect(letIn.length).toBe(2 * inside + 1);
  });

  it('whose patience is over, or who have gone, cost nothing', () => {
    const { arrive, clock, letIn } = turnstile();
    const all = arrive(1, inside + 3);
    all[inside]?.destroy();
    clock.time = 26_000;
    arrive(1000, 1001);
    clock.pass(0);
    expect(all[inside + 1]?.destroyed).toBe(true);
    expect(letIn.slice(inside).sort((a, b) => a - b)).toEqual([1000, 1001]);
  });

  it('do not bring anything down when they break while they wait', () => {
    const { arrive } = turnstile();
    const [last] = arrive(1, inside + 1).slice(-1);
    expect(() => last?.emit('error', new Error('ECONNRESET'))).not.toThrow();
  });
});
