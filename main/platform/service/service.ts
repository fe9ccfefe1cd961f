/**
 * The user service: what starts the agent when its owner logs in (on a server: when the computer starts) and again after a crash.
 * One port; an adapter for each service manager. Rendering a service file and installing it are apart.
 */

/** What the service starts. */
export interface ServiceProgram {
  /** Absolute path of the executable, then its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Only what decides where Holdfast keeps its files. Never a secret: others can read a service's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** `graphical`: the tray app, which needs a desktop session. `headless`: the agent under plain Node. */
  readonly variant: 'graphical' | 'headless';
}

export type ServiceState =
  | 'not-installed'
  | 'running'
  /** It ended badly and is about to start again. */
  | 'restarting'
  | 'stopped'
  /** It was given up after crashing too often. */
  | 'failed'
  /** A service of this name exists that Holdfast did not write. */
  | 'foreign'
  /** There is no service manager that could be asked. */
  | 'unavailable';

export interface ServiceStatus {
  readonly state: ServiceState;
  /** One or two sentences: how it is and what to do. */
  readonly reason: string;
  readonly manager: 'systemd' | 'launchd';
  /** The service's name, for the manager's own tools. */
  readonly name: string;
  readonly file: string;
  /** Whether it starts by itself. */
  readonly enabled: boolean;
  /** False when the file on disk would be written differently now, e.g. because the app moved. Installing again corrects that. */
  readonly current: boolean;
  readonly pid: number | null;
  /** ISO time since which it runs. */
  readonly since: string | null;
  /** How often it was started again since its owner started it; null where the manager does not count. */
  readonly restarts: number | null;
  /** Whether it outlives its owner's log-out; null when that is unknown. */
  readonly staysAfterLogout: boolean | null;
}

export interface InstallOptions {
  /** Keep it running when its owner is logged out, and start it with the computer. Off leaves that as it is. */
  readonly linger: boolean;
}

export interface UserService {
  /** Writes, enables and starts the service, or corrects the one there is. Starts nothing while an agent runs in another process. Doing it twice is doing it once. */
  install(options: InstallOptions): Promise<ServiceStatus>;
  /** Stops and removes it; from inside of the service, this process goes on until it ends by itself. @returns false when there was none. @throws HoldfastError for one that Holdfast did not write. */
  uninstall(): Promise<{ removed: boolean }>;
  /** Never throws for what it finds: `reason` says it. */
  status(): Promise<ServiceStatus>;
  /** Its newest `lines` lines of output, oldest first. */
  logs(lines: number): Promise<string[]>;
}

/** The process that runs this data folder's agent, service or not; null when none does. */
export type FindAgent = () => Promise<number | null>;
