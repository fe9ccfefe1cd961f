/** Moves run events from the journal onto one connection, in order, with a bounded number under way. */
import type { RunEvent } from '../../shared/protocol/messages.js';
import type { Outbox } from './outbox.js';

/** Events sent and not acknowledged, at most. */
const window = 256;
const batch = 64;

export interface SenderPorts {
  readonly outbox: Outbox;
  send(event: RunEvent): void;
  /** The journal cannot be read or written; the connection is of no use until it can. */
  failed(error: unknown): void;
}

export class Sender {
  private sent = 0;
  private acked = 0;
  private running = false;
  private again = false;
  private stopped = false;
  private readonly endSubscription: () => void;

  /** @param ackedSeq what the hub has. */
  constructor(private readonly ports: SenderPorts, ackedSeq: number) {
    this.sent = ackedSeq;
    this.acked = ackedSeq;
    this.endSubscription = ports.outbox.onChange(() => this.poke());
    this.poke();
  }

  /** @returns false for an acknowledgement of something that was never sent. */
  ack(seq: number): boolean {
    if (seq > this.sent) return false;
    this.acked = Math.max(this.acked, seq);
    this.ports.outbox.acked(seq).then(() => this.poke(), (error: unknown) => this.fail(error));
    return true;
  }

  stop(): void {
    this.stopped = true;
    this.endSubscription();
  }

  private poke(): void {
    this.again = true;
    if (this.running || this.stopped) return;
    this.running = true;
    this.pump().catch((error: unknown) => this.fail(error)).finally(() => { this.running = false; });
  }

  private async pump(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      for (;;) {
        const room = window - (this.sent - this.acked);
        if (room <= 0) break;
        const events = await this.ports.outbox.take(this.sent, Math.min(batch, room));
        if (this.stopped || events.length === 0) break;
        for (const event of events) {
          this.ports.send(event);
          this.sent = event.seq;
        }
      }
    }
  }

  private fail(error: unknown): void {
    if (!this.stopped) this.ports.failed(error);
  }
}
