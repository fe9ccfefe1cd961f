/** What the tunnel asks of the journal. */
import type { RunEvent } from '../../shared/protocol/messages.js';

export interface Outbox {
  /** Goes into `hello`; may change when `resume` restarts the journal. */
  readonly id: string;
  /**
   * The hub said in `welcome` what it has. `restarted`: it knows another past than this journal (one of the two was
   * restored from a copy); the journal now has a new name, and the connection must begin anew with it.
   */
  resume(ackedSeq: number): Promise<'continued' | 'restarted'>;
  /** Events after `after`, at most `limit`, all on disk. */
  take(after: number, limit: number): Promise<RunEvent[]>;
  acked(seq: number): Promise<void>;
  /** Something to take may be there. @returns a function that ends the subscription. */
  onChange(listener: () => void): () => void;
}
