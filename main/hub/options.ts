/** What a hub needs to be told, and what it gives back. */
import type { LogLevel } from '../shared/model.js';
import type { HubAdmin } from '../shared/protocol/admin.js';

export interface HubLogger {
  log(level: LogLevel, message: string): void;
}

export interface HubClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `ms` milliseconds; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void;
}

export interface HubOptions {
  /** Holds the certificate, the SQLite database and the local socket; made 0700 when it is not there. */
  readonly dataFolder: string;
  readonly version: string;
  /** What agents and screens call this hub. */
  readonly name: string;
  /** Default 127.0.0.1:7878; port 0 takes a free one. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** The address that setup links carry, where it is not the one listened on (a name in DNS, a port forwarded by a router). */
  readonly publicUrl?: string;
  /** An own certificate (PEM files); by default the hub makes one at its first start, and agents pin its fingerprint. */
  readonly certificate?: { readonly certFile: string; readonly keyFile: string };
  /** Holds the repositories of hub storage; `storage` in the data folder when absent. */
  readonly storageFolder?: string;
  /** Holds the packages that computers install from; `packages` in the data folder when absent. */
  readonly packagesFolder?: string;
  /** `postgres://…`; SQLite in the data folder when absent. */
  readonly database?: string;
  /** Seals what the hub must be able to read again; made at the first start. Hubs on one PostgreSQL share it; `hub-secret.key` in the data folder when absent. */
  readonly secretKeyFile?: string;
  /** Runs and their logs are kept this many days; 400 when absent. */
  readonly historyDays?: number;
  /** The built dashboard, where it is not beside the built hub. */
  readonly pageFolder?: string;
  /** Shows a notification on the desktop that this hub is part of; absent on servers. */
  readonly notify?: (notice: { readonly title: string; readonly body: string }) => void;
  readonly logger: HubLogger;
  readonly clock?: HubClock;
}

export interface RunningHub {
  /** Base URL, e.g. https://127.0.0.1:7878. */
  readonly url: string;
  /** SHA-256 of the certificate (DER), 64 hex digits. */
  readonly fingerprint: string;
  /** HOST:PORT as bound, for "listening on https://HOST:PORT". */
  readonly listening: string;
  readonly admin: HubAdmin;
  close(): Promise<void>;
}
