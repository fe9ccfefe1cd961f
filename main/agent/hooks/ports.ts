/** What hooks need from the computer. Adapter: main/platform/hooks. */

export interface HookFolder {
  /** Private to this run. */
  readonly root: string;
  /** HOLDFAST_WORKING_DIR, in it. */
  readonly working: string;
  /** Removes both with all that is in them. */
  remove(): Promise<void>;
}

export interface HookOrder {
  /** `pre`, `post` or `on-failure`. */
  readonly name: string;
  readonly folder: HookFolder;
  /** The HOLDFAST_ variables. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeLimitMs: number;
  /** Aborted when nobody wants it to go on; null when only its time ends it. */
  readonly signal: AbortSignal | null;
  /** A line that it wrote to standard output or standard error. */
  line(text: string): void;
}

export interface HookEnd {
  readonly code: number | null;
  readonly killedBy: string | null;
  /** Why it was ended by us; null when it ended by itself. */
  readonly why: 'time' | 'cancelled' | null;
}

/** A program as it was read: `run` executes what `sha256` is of, whatever has become of the file since. */
export interface ReadHook {
  /** 64 hex digits. */
  readonly sha256: string;
  /** @throws HoldfastError `hook-failed` when it cannot be started. */
  run(order: HookOrder): Promise<HookEnd>;
}

export interface Hooks {
  openFolder(): Promise<HookFolder>;
  /** @throws HoldfastError `hook-failed` when the path names nothing that can be run. */
  read(path: string): Promise<ReadHook>;
}
