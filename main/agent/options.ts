/** What an agent is made of: the ports it declares, and facts of this computer. */
import type { Discovery } from '../shared/discovery.js';
import type { LogEntry } from '../shared/model.js';
import type { EnrolRequest, EnrolResponse } from '../shared/protocol/enrolment.js';
import type { HubLink } from '../shared/protocol/link.js';
import type { CareData } from './care/care.js';
import type { DrillFinding } from './drill/drill.js';
import type { DrillHistory } from './drill/drills.js';
import type { Hooks } from './hooks/ports.js';
import type { JobSetData } from './jobs/job-set.js';
import type { PolicyComputer } from './policy/local-consent.js';
import type { StoredPolicy } from './policy/policy.js';
import type { AppendLog, Clock, Disks, Document, Engine, Logger, PowerAndNetwork, RepositoryAccess, SecretStore } from './ports.js';
import type { Host } from '../backup/source/process/host.js';
import type { SnapshotReader } from './restore/reader.js';
import type { AgentSettings } from './settings.js';
import type { Journal, Tunnel, TunnelEvents, TunnelIdentity } from './tunnel-port.js';

export interface AgentOptions {
  readonly version: string;
  readonly host: string;
  readonly os: string;
  readonly arch: string;
  readonly pid: number;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the Logs screen reads, and its new lines. */
  readonly logs: { read(after: number, limit: number, level: LogEntry['level']): LogEntry[]; on(listener: (entry: LogEntry) => void): () => void };
  readonly settings: Document<AgentSettings>;
  readonly jobs: Document<JobSetData>;
  readonly policy: Document<StoredPolicy>;
  readonly policyComputer: PolicyComputer;
  /** Is the hub with this certificate (SHA-256, null when none is pinned) proven to be run by this same user on this computer? */
  readonly isOwnHub: (fingerprint: string | null) => Promise<boolean>;
  readonly hooks: Hooks;
  readonly drills: {
    readonly history: Document<DrillHistory>;
    /** What a drill of this snapshot finds. */
    carryOut(repository: RepositoryAccess, snapshotId: string, signal: AbortSignal): Promise<DrillFinding>;
    /** Removes what drills of an agent left that was killed. */
    removeLeftovers(): Promise<void>;
  };
  /** Looks into snapshots and gets things out of them. */
  readonly reader: SnapshotReader;
  /** Where tools run that load dumps of databases. */
  readonly toolHost: Host;
  readonly care: { readonly document: Document<CareData>; readonly head: (path: string) => Promise<Uint8Array | null> };
  readonly runs: AppendLog;
  readonly journal: Journal;
  readonly secrets: SecretStore;
  readonly engine: Engine;
  /** What of this computer, and below these folders, a job could back up. */
  readonly discover: (folders: readonly string[]) => Promise<Discovery>;
  readonly power: PowerAndNetwork;
  readonly disks: Disks;
  readonly createTunnel: (events: TunnelEvents, jobsRevision: () => number) => Tunnel;
  /** Trades a setup token for an agent token at the hub of `link`. */
  readonly enrol: (link: HubLink, request: EnrolRequest) => Promise<EnrolResponse>;
  /** A repository password from the environment; null when none was given. */
  readonly givenPassword: string | null;
  /** An agent token from the command line, agent.conf or the environment; it goes before the stored one and is not stored. */
  readonly givenIdentity: TunnelIdentity | null;
  readonly newId: () => string;
  /** Uniform in [0, below), from a cryptographic source. */
  readonly randomInt: (below: number) => number;
}
