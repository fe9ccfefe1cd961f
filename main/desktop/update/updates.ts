/**
 * Updates: looks for a new version, loads it, and installs it when nothing is cut off by that. The version before stays at hand
 * until the new one has connected to the hub, and comes back by itself when it does not.
 */
import type { Clock, Document } from '../../agent/ports.js';
import { asHoldfastError } from '../../shared/errors.js';
import type { LogLevel } from '../../shared/model.js';
import type { Connection } from '../../shared/control.js';
import type { UpdateFeed } from './feed.js';
import type { OwnPackage } from './package.js';
import type { UpdateSource } from './source.js';
import { atStart, judge, type UpdateRecord } from './trial.js';

const hour = 3_600_000;
/** The first look is not during the start, ms. */
const firstLook = 10_000;
const lookEvery = 6 * hour;
/** How often a loaded update looks for a quiet moment, ms. */
const momentEvery = 60_000;
/** How often a version on trial is judged, ms. */
const judgeEvery = 5_000;

export interface UpdatesPorts {
  readonly version: string;
  readonly own: OwnPackage;
  readonly clock: Clock;
  readonly record: Document<UpdateRecord>;
  readonly feed: UpdateFeed;
  readonly former: { keep(file: string): Promise<string>; putBack(from: string, to: string): Promise<void>; forget(): Promise<void> };
  /** Puts a loaded AppImage in the place of this one, as one step. */
  replace(from: string, to: string): Promise<void>;
  /** Leaves this process and starts what is in the package's place now. */
  restart(windowOpen: boolean): void;
}

/** The app once its agent runs. */
export interface RunningApp {
  /** Null: its owner wants no updates, or there is nowhere to get them from. */
  source(): UpdateSource | null;
  connection(): Pick<Connection, 'state'>;
  /** Whether anything listens where the hub should be. */
  hubAnswers(): Promise<boolean>;
  hasRun(): boolean;
  windowOpen(): boolean;
  /** Ends agent and hub, so that their files rest. */
  stop(): Promise<void>;
  log(level: LogLevel, message: string): void;
  /** What screens show has changed. */
  changed(): void;
}

export class Updates {
  /** The version that waits for a quiet moment. */
  waiting: string | null = null;
  private readonly timers = new Map<'look' | 'moment' | 'judge', () => void>();
  private loaded: string | null = null;
  private installing = false;
  private app: RunningApp | null = null;

  constructor(private readonly ports: UpdatesPorts) {}

  /** Before agent and hub start. @returns false when the version before was put back and this process leaves. */
  async begin(): Promise<boolean> {
    const { former, record, version } = this.ports;
    const known = record.read();
    const { trial } = known;
    if (trial === null) return true;
    switch (atStart(known, version)) {
      case 'nothing': return true;
      case 'not-replaced':
        await record.write({ trial: null, refused: trial.to });
        await former.forget();
        return true;
      case 'put-back':
        await this.putBack();
        return false;
      case 'try':
        await record.write({ ...known, trial: { ...trial, starts: trial.starts + 1 } });
        return true;
    }
  }

  /** Once the agent runs. */
  start(app: RunningApp): void {
    this.app = app;
    const { refused } = this.ports.record.read();
    if (refused !== null) this.log('info', `Version ${refused} did not work here and is not tried again; the next one will be`);
    if (this.ports.record.read().trial !== null) this.watch(this.ports.clock.now());
    this.later('look', firstLook, () => this.look());
  }

  close(): void {
    for (const stop of this.timers.values()) stop();
    this.timers.clear();
  }

  /** Looks for a new version because somebody asks. @returns what was found, as a sentence. @throws HoldfastError */
  async lookNow(): Promise<string> {
    const { feed, record, version } = this.ports;
    const source = this.app?.source() ?? null;
    if (source === null) return 'There is nowhere to look: no address is set, or updates are switched off.';
    if (record.read().trial !== null) return `Version ${version} was installed just now and is being tried.`;
    if (this.waiting === null) {
      const found = await feed.newer(source);
      if (found === null) return `Version ${version} is the newest.`;
      if (found === record.read().refused) return `Version ${found} is there. It did not work here before, so it is not tried again.`;
      await this.look();
    }
    return this.waiting === null ? 'A new version is there and could not be loaded. The log says why.' : `Version ${this.waiting} is loaded. It is installed when no backup runs and the window is closed.`;
  }

  /** Looks for a new version now, and loads it. Failures are logged and looked at again later. */
  async look(): Promise<void> {
    this.later('look', lookEvery, () => this.look());
    const { feed, record } = this.ports;
    const source = this.app?.source() ?? null;
    if (source === null || this.waiting !== null || record.read().trial !== null) return;
    try {
      const version = await feed.newer(source);
      if (version === null || version === record.read().refused) return;
      this.log('info', `Version ${version} is there and is being loaded`);
      this.loaded = await feed.load();
      this.waiting = version;
      this.log('info', `Version ${version} is loaded; it is installed when no backup runs and the window is closed`);
      this.app?.changed();
      this.moment();
    } catch (thrown) {
      this.log('warn', asHoldfastError(thrown).message);
    }
  }

  /** Installs the loaded version. Ends this process, unless it cannot be installed. */
  async install(): Promise<void> {
    const { clock, former, own, record, version } = this.ports;
    if (this.installing || this.waiting === null || this.loaded === null) return;
    this.installing = true;
    this.close();
    const to = this.waiting;
    const windowOpen = this.app?.windowOpen() ?? false;
    await this.app?.stop();
    try {
      const kept = await former.keep(own.path);
      await record.write({ ...record.read(), trial: { from: version, to, package: own.path, former: kept, installedAt: new Date(clock.now()).toISOString(), starts: 0 } });
      if (own.kind === 'bundle') return this.ports.feed.replaceAndStart();
      await this.ports.replace(this.loaded, own.path);
    } catch (thrown) {
      this.log('error', `Version ${to} could not be installed: ${asHoldfastError(thrown).message}`);
      await record.write({ trial: null, refused: to }).catch(() => undefined); // the same would happen again
    }
    this.ports.restart(windowOpen);
  }

  private moment(): void {
    if (this.app !== null && !this.app.hasRun() && !this.app.windowOpen()) return void this.install();
    this.later('moment', momentEvery, () => this.moment());
  }

  private watch(since: number): void {
    this.later('judge', judgeEvery, async () => {
      const { clock, former, record, version } = this.ports;
      if (this.app === null) return;
      const tried = clock.now() - since;
      let verdict = judge(this.app.connection(), tried, null);
      if (verdict === 'ask') verdict = judge(this.app.connection(), tried, await this.app.hubAnswers());
      switch (verdict) {
        case 'keep':
          await record.write({ ...record.read(), trial: null });
          await former.forget();
          this.log('info', `Version ${version} works; the version before was removed`);
          return;
        case 'more-time': return this.watch(clock.now());
        case 'put-back': return this.putBack();
        default: return this.watch(since);
      }
    });
  }

  private async putBack(): Promise<void> {
    const { former, record } = this.ports;
    const { trial } = record.read();
    if (trial === null) return;
    this.log('error', `Version ${trial.to} did not connect to the hub, so version ${trial.from} is put back`);
    this.close();
    const windowOpen = this.app?.windowOpen() ?? false;
    await this.app?.stop();
    await former.putBack(trial.former, trial.package);
    await record.write({ trial: null, refused: trial.to });
    await former.forget();
    this.ports.restart(windowOpen);
  }

  private log(level: LogLevel, message: string): void {
    if (this.app === null) console.error(message); // the log opens with the agent
    else this.app.log(level, message);
  }

  private later(what: 'look' | 'moment' | 'judge', ms: number, work: () => Promise<void> | void): void {
    this.timers.get(what)?.();
    this.timers.set(what, this.ports.clock.after(ms, () => {
      void Promise.resolve(work()).catch((thrown: unknown) => this.log('error', asHoldfastError(thrown).message));
    }));
  }
}
