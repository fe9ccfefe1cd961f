/**
 * The hub inside the app. It runs unless this computer belongs to another one, and this computer joins it the way any other
 * would: with a setup token. There is no second path.
 */
import type { AgentControl } from '../shared/control.js';
import { asHoldfastError, HoldfastError } from '../shared/errors.js';
import type { OwnHubView } from '../shared/ipc.js';
import type { LogLevel } from '../shared/model.js';
import { formatLink, parseLink } from '../shared/protocol/link.js';
import { connectHubAdmin, lanAddresses, startHub, type HubAdmin } from '../hub/index.js';
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
const everywhere = '0.0.0.0';

/** The hub as this app holds it. */
interface Door {
  /** On this computer. */
  readonly port: number;
  readonly fingerprint: string;
  /** Another process runs it. */
  readonly isAttached: boolean;
  readonly admin: HubAdmin;
  close(): Promise<void>;
}

export class OwnHub {
  private door: Door | null = null;

  constructor(private readonly options: OwnHubOptions) {}

  /** Whether this computer belongs to this hub, or to none and would. */
  isWanted(): boolean {
    const { embeddedHub, hub } = this.options.settings.read();
    return embeddedHub.enabled && (hub === null || (embeddedHub.port !== null && hub.url === urlOf(embeddedHub.port)));
  }

  /** Call it before the agent starts, so that its first attempt succeeds. @throws HoldfastError with what keeps the hub from starting. */
  async start(): Promise<void> {
    if (this.door !== null) return;
    const { settings } = this.options;
    const { port } = settings.read().embeddedHub;
    const door = await this.open(port);
    this.door = door;
    const before = settings.read();
    const isMine = before.hub !== null && port !== null && before.hub.url === urlOf(port);
    await settings.update({
      embeddedHub: { ...before.embeddedHub, port: door.port },
      ...(isMine ? { hub: { url: urlOf(door.port), fingerprint: door.fingerprint } } : {}),
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

  /** @returns null when it does not run. */
  async look(): Promise<OwnHubView | null> {
    if (this.door === null) return null;
    const { lan } = this.options.settings.read().embeddedHub;
    const [address] = lanAddresses();
    return {
      lan, address: address === undefined ? null : `https://${address}:${this.door.port}`,
      fixed: this.door.isAttached ? 'The hub of this computer runs as "holdfast hub" in another process, which decides where it can be reached.' : null,
    };
  }

  /** Whether other computers of the network can reach it. It begins anew for that; those that are connected come back. */
  async reach(lan: boolean): Promise<OwnHubView | null> {
    const { settings } = this.options;
    const { embeddedHub } = settings.read();
    if (this.door === null || this.door.isAttached || embeddedHub.lan === lan) return this.look();
    await settings.update({ embeddedHub: { ...embeddedHub, lan } });
    await this.close();
    try {
      await this.start();
    } catch (thrown) {
      await settings.update({ embeddedHub });
      await this.start();
      throw thrown;
    }
    return this.look();
  }

  /** A link that logs its owner in to the dashboard, once. @throws HoldfastError `hub-unreachable` */
  async dashboard(): Promise<string> {
    if (this.door === null) throw new HoldfastError('hub-unreachable', 'The hub of this computer does not run. If it belongs to another hub, ask whoever looks after that one.');
    const { url } = await this.door.admin.createLoginLink({});
    const { hash } = new URL(url);
    return `${urlOf(this.door.port)}/${hash}`;
  }

  async close(): Promise<void> {
    const { door } = this;
    this.door = null;
    await door?.close();
  }

  private async join(door: Door, control: AgentControl): Promise<void> {
    const { link } = await door.admin.createSetupToken({ name: 'This computer', expiresInHours: 1, maxUses: 1 });
    // This computer's own way to it stays on this computer, whatever the network calls it.
    await control.call('join', { link: formatLink({ ...parseLink(link), url: urlOf(door.port) }) });
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

  private async listen(port: number): Promise<Door> {
    const { dataFolder, log, name, notify, settings, version } = this.options;
    const host = settings.read().embeddedHub.lan ? everywhere : loopback;
    const { admin, close, fingerprint, listening } = await startHub({ dataFolder, version, name, listen: { host, port }, notify, logger: { log } });
    return { admin, close, fingerprint, port: Number(listening.slice(listening.lastIndexOf(':') + 1)), isAttached: false };
  }
}

async function attach(dataFolder: string): Promise<Door> {
  const admin = await connectHubAdmin(dataFolder);
  const { fingerprint, url } = await admin.hub({});
  return { port: Number(new URL(url).port), fingerprint, admin, close: () => Promise.resolve(), isAttached: true };
}

const urlOf = (port: number): string => `https://${loopback}:${port}`;
