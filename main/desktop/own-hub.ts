/**
 * The hub inside the app. It runs unless this computer belongs to another one, and this computer joins it the way any other
 * would: with a setup token. There is no second path.
 */
import type { AgentControl } from '../shared/control.js';
import { asHoldfastError } from '../shared/errors.js';
import type { LogLevel } from '../shared/model.js';
import { connectHubAdmin, startHub, type HubAdmin } from '../hub/index.js';
import type { Notice } from './notifications/notices.js';
import type { Settings } from '../platform/settings/settings.js';

export interface OwnHubOptions {
  readonly settings: Settings;
  /** The hub's own folder. */
  readonly dataFolder: string;
  readonly version: string;
  /** What screens call it. */
  readonly name: string;
  /** Shows what the hub has to tell: problems of the computers that belong to it. */
  readonly notify: (notice: Notice) => void;
  readonly log: (level: LogLevel, message: string) => void;
}

const loopback = '127.0.0.1';

/** The hub as this app holds it. */
interface Door {
  readonly url: string;
  readonly fingerprint: string;
  readonly admin: HubAdmin;
  close(): Promise<void>;
}

export class OwnHub {
  private door: Door | null = null;

  constructor(private readonly options: OwnHubOptions) {}

  /** Whether this computer belongs to this hub, or to none and would. */
  isWanted(): boolean {
    const { embeddedHub, hub } = this.options.settings.read();
    return embeddedHub.enabled && (hub === null || hub.url === urlOf(embeddedHub.port));
  }

  /** Call it before the agent starts, so that its first attempt succeeds. @throws HoldfastError with what keeps the hub from starting. */
  async start(): Promise<void> {
    if (this.door !== null) return;
    const { settings } = this.options;
    const { port } = settings.read().embeddedHub;
    const door = await this.open(port);
    this.door = door;
    const before = settings.read();
    const isMine = before.hub !== null && before.hub.url === urlOf(port);
    await settings.update({
      embeddedHub: { ...before.embeddedHub, port: Number(new URL(door.url).port) },
      ...(isMine ? { hub: { url: door.url, fingerprint: door.fingerprint } } : {}),
    });
  }

  /** Joins this hub, if this computer belongs to none yet. */
  async enrol(control: AgentControl): Promise<void> {
    if (this.door !== null && this.options.settings.read().hub === null) await this.join(this.door, control);
  }

  /** Joins this hub, whatever this computer belonged to. */
  async adopt(control: AgentControl): Promise<void> {
    await this.enable(true);
    await this.start();
    if (this.door !== null) await this.join(this.door, control);
  }

  /** Whether it runs at the next start. */
  async enable(enabled: boolean): Promise<void> {
    const { settings } = this.options;
    const { embeddedHub } = settings.read();
    if (embeddedHub.enabled !== enabled) await settings.update({ embeddedHub: { ...embeddedHub, enabled } });
  }

  async close(): Promise<void> {
    const { door } = this;
    this.door = null;
    await door?.close();
  }

  private async join(door: Door, control: AgentControl): Promise<void> {
    const { link } = await door.admin.createSetupToken({ name: 'This computer', expiresInHours: 1, maxUses: 1 });
    await control.call('join', { link });
  }

  private async open(port: number | null): Promise<Door> {
    try {
      return await this.listen(port ?? 0);
    } catch (thrown) {
      const { code } = asHoldfastError(thrown);
      // `holdfast hub` runs in this data folder: it is the same hub, so use it.
      if (code === 'already-running') return attach(this.options.dataFolder);
      if (port === null || code !== 'usage') throw thrown;
      this.options.log('warn', `Another program uses port ${port}. The hub takes a free one.`);
      return this.listen(0);
    }
  }

  private listen(port: number): Promise<Door> {
    const { dataFolder, log, name, notify, version } = this.options;
    return startHub({ dataFolder, version, name, listen: { host: loopback, port }, notify, logger: { log } });
  }
}

async function attach(dataFolder: string): Promise<Door> {
  const admin = await connectHubAdmin(dataFolder);
  const { fingerprint, url } = await admin.hub({});
  return { url, fingerprint, admin, close: () => Promise.resolve() };
}

const urlOf = (port: number | null): string | null => (port === null ? null : `https://${loopback}:${port}`);
