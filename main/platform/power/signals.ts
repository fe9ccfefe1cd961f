/** Wake and network change told from what every system has: the clock and the list of network addresses. */
import { networkInterfaces } from 'node:os';

/** ms between two looks. */
const lookEvery = 5_000;
/** A look that comes this much late means that the computer slept (or stood still: the same to a connection), ms. */
const sleptFor = 10_000;

export interface SignalPorts {
  now(): number;
  /** The addresses that the computer has now, as one text. */
  addresses(): string;
  /** Calls back every `ms` until the returned function is called; must not keep the process alive. */
  every(ms: number, callback: () => void): () => void;
}

export const systemSignals: SignalPorts = {
  now: Date.now,
  addresses: () => Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal).map(({ address }) => address).sort().join(' '),
  every: (ms, callback) => {
    const timer = setInterval(callback, ms).unref();
    return () => clearInterval(timer);
  },
};

/** Looks until the returned function is called. */
export function watchSignals(ports: SignalPorts, onWake: () => void, onNetworkChange: () => void): () => void {
  let last = ports.now();
  let addresses = ports.addresses();
  return ports.every(lookEvery, () => {
    const now = ports.now();
    if (now - last > lookEvery + sleptFor) onWake();
    last = now;
    const seen = ports.addresses();
    if (seen !== addresses) onNetworkChange();
    addresses = seen;
  });
}
