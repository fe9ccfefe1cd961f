/**
 * The hub inside the app. It runs unless this computer belongs to another one, and this computer joins it the way any other
 * would: with a setup token. There is no second path.
 */
import type { AgentControl } from '../shared/control.js';
import { asHoldfastError, HoldfastError } from '../shared/errors.js';
import type { LogLevel } from '../shared/model.js';
import { startHub, type HubAdmin, type RunningHub } from '../hub/index.js';
import type { Settings } from '../platform/settings/settings.js';

export interface OwnHubOptions {
  readonly settings: Settings;
  /** The hub's own folder. */
  readonly dataFolder: string;
  readonly version: string;
  /** What screens call it. */
  readonly name: string;
  readonly log: (level: LogLevel, message: string) => void;
}

const loopback = '127.0.0.1';

export class OwnHub {
  private running: RunningHub | null = null;

  constructor(private readonly options: OwnHubOptions) {}

  /** Whether the app has a hub to offer at all. */
  get isRunning(): boolean {
    return this.running !== null;
  }

  /** Whether this computer belongs to this hub, or to none and would. */
  isWanted(): boolean {
    const { embeddedHub, hub } = this.options.settings.read();
    return embeddedHub.enabled && (hub === null || hub.url === urlOf(embeddedHub.port));
  }

  /** Before the agent starts, so that its first attempt succeeds. @throws HoldfastError with what keeps the hub from starting. */
  async start(): Promise<void> {
    if (this.running !== null) return;
    const { settings } = this.options;
    const { port } = settings.read().embeddedHub;
    const hub = await this.listen(port ?? 0).catch((thrown: unknown) => {
      const error = asHoldfastError(thrown);
      if (port === null || error.code === 'already-running') throw error;
      // Another program took the port meanwhile. Nobody but this computer knows it, so take another one.
      this.options.log('warn', `${error.message} The hub takes another port.`);
      return this.listen(0);
    });
    this.running = hub;
    const before = settings.read();
    const mine = before.hub !== null && before.hub.url === urlOf(port);
    const found = Number(new URL(hub.url).port);
    settings.update({
      embeddedHub: { ...before.embeddedHub, port: found },
      ...(mine ? { hub: { url: hub.url, fingerprint: hub.fingerprint } } : {}),
    });
  }

  /** Enrols this computer, if it belongs to no hub yet. */
  async enrol(control: AgentControl): Promise<void> {
    if (this.options.settings.read().hub !== null) return;
    await this.join(control);
  }

  /** Leaves whatever hub this computer is in, and joins this one. */
  async adopt(control: AgentControl): Promise<void> {
    const { settings } = this.options;
    settings.update({ embeddedHub: { ...settings.read().embeddedHub, enabled: true } });
    await this.start();
    await this.join(control);
  }

  /** This computer joined another hub, or left this one: do not start at the next start. */
  retire(): void {
    const { settings } = this.options;
    settings.update({ embeddedHub: { ...settings.read().embeddedHub, enabled: false } });
  }

  async close(): Promise<void> {
    const { running } = this;
    this.running = null;
    await running?.close();
  }

  private async join(control: AgentControl): Promise<void> {
    const admin = await this.admin();
    const { link } = await admin.createSetupToken({ name: 'This computer', expiresInHours: 1, maxUses: 1 });
    await control.call('join', { link });
  }

  private async admin(): Promise<HubAdmin> {
    if (this.running !== null) return this.running.admin;
    throw new HoldfastError('hub-unreachable', 'The hub of this computer is not running. Restart Holdfast.');
  }

  private listen(port: number): Promise<RunningHub> {
    const { dataFolder, log, name, version } = this.options;
    return startHub({ dataFolder, version, name, listen: { host: loopback, port }, logger: { log } });
  }
}

const urlOf = (port: number | null): string | null => (port === null ? null : `https://${loopback}:${port}`);
