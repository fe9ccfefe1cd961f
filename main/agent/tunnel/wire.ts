/** One WebSocket as the tunnel sees it. `dial.ts` makes real ones. */
import type { HoldfastError } from '../../shared/errors.js';
import type { TunnelIdentity } from '../tunnel-port.js';

export interface Wire {
  send(text: string): void;
  ping(): void;
  /** Says goodbye; `closed` follows. */
  close(code: number, reason: string): void;
  /** Gives up at once without a goodbye; `closed` follows. */
  terminate(): void;
}

export interface WireListener {
  /** Frames may be sent from now on. */
  opened(): void;
  text(frame: string): void;
  /** Anything at all arrived, pongs included. */
  heard(): void;
  /** The end, told once. `error` when no WebSocket came about or it broke. */
  closed(code: number, reason: string, error: HoldfastError | null): void;
}

export type Dial = (identity: TunnelIdentity, listener: WireListener) => Wire;
