/** Tells the hub which jobs wait for a yes here, once per change and connection. */
import type { HeldJob } from '../../shared/consent.js';
import { asHoldfastError } from '../../shared/errors.js';
import type { Logger } from '../ports.js';
import type { Tunnel } from '../tunnel-port.js';

export interface ReportPorts {
  readonly tunnel: () => Pick<Tunnel, 'connection' | 'request'>;
  readonly logger: Logger;
  held(): readonly HeldJob[];
}

export class ConsentReport {
  /** What the hub was told on this connection; null before. */
  private told: { readonly since: string; readonly text: string } | null = null;
  private telling = false;

  constructor(private readonly ports: ReportPorts) {}

  /** Call it whenever the connection or what is held may have changed. */
  tell(): void {
    if (this.telling) return;
    const { connection } = this.ports.tunnel();
    if (connection.state !== 'connected') return;
    const held = this.ports.held().slice(0, 10_000);
    const text = JSON.stringify(held);
    if (this.told?.since === connection.since && this.told.text === text) return;
    this.telling = true;
    this.told = { since: connection.since, text };
    this.ports.tunnel().request('consent.report', { held: [...held] })
      .catch((error: unknown) => {
        const { code, message } = asHoldfastError(error);
        // An older hub does not know this; with the connection gone, the next one is told.
        if (code !== 'upgrade-needed' && code !== 'hub-unreachable') this.ports.logger.log('warn', `The hub could not be told what waits here: ${message}`);
      })
      .finally(() => {
        this.telling = false;
        if (this.told?.since === connection.since) this.tell();
      });
  }
}
