/** Ports in memory for tests of the agent core: a clock to turn by hand, and everything the core asked for on record. */
import type { AgentOptions } from '../../main/agent/agent.js';
import { emptyCare } from '../../main/agent/care/care.js';
import type { AppendLog, BackupOrder, Clock, Document, Engine, SecretStore, ProbeResult, RepositoryAccess, Upheaval } from '../../main/agent/ports.js';
import type { StoredPolicy } from '../../main/agent/policy/policy.js';
import { agentSettingsSchema } from '../../main/agent/settings.js';
import type { Tunnel, TunnelEvents } from '../../main/agent/tunnel-port.js';
import { HoldfastError } from '../../main/shared/errors.js';
import type { Job, RunProgress, RunResult } from '../../main/shared/model.js';
import type { RunEventBody } from '../../main/shared/protocol/messages.js';

export class ManualClock implements Clock {
  private timers: { at: number; callback: () => void }[] = [];
  constructor(private time = Date.parse('2026-05-04T12:00:00Z')) {}
  now(): number {
    return this.time;
  }
  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  /** Lets the time pass and every timer fire in its order, with a pause for promises after each. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.callback();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** Lets all promises that are ready run. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

export function memoryDocument<T>(initial: T): Document<T> {
  let value = structuredClone(initial);
  return { read: () => structuredClone(value), write: (next) => { value = structuredClone(next); return Promise.resolve(); } };
}

export function memoryLog(initial: readonly string[] = []): AppendLog & { lines: string[] } {
  const log = {
    initial: [...initial],
    lines: [...initial],
    append: (line: string) => { log.lines.push(line); return Promise.resolve(); },
    rewrite: (lines: readonly string[]) => { log.lines = [...lines]; return Promise.resolve(); },
    close: () => Promise.resolve(),
  };
  return log;
}

export function memorySecrets(): SecretStore & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    kind: 'file', description: 'memory', values,
    get: (name) => Promise.resolve(values.get(name) ?? null),
    set: (name, value) => { values.set(name, value); return Promise.resolve(); },
    delete: (name) => { values.delete(name); return Promise.resolve(); },
  };
}

export const someResult = (change: Partial<RunResult> = {}): RunResult => ({
  snapshotId: 'a'.repeat(64), treeId: 'b'.repeat(64), filesNew: 3, filesChanged: 0, filesUnmodified: 0, dirsNew: 1, dirsChanged: 0, dirsUnmodified: 0,
  bytesProcessed: 3000, bytesAdded: 3000, bytesStored: 1200, durationMs: 250, unreadableCount: 0, unreadable: [], warnings: [], copies: [], ...change,
});

/** An engine whose backups end when the test says so. */
export class ScriptedEngine implements Engine {
  readonly repositories = new Map<string, string>();
  readonly orders: BackupOrder[] = [];
  readonly pending: { order: BackupOrder; progress: (p: RunProgress) => void; resolve: (r: RunResult) => void; reject: (e: unknown) => void }[] = [];
  backup(order: BackupOrder, progress: (p: RunProgress) => void, signal: AbortSignal): Promise<RunResult> {
    this.orders.push(order);
    return new Promise((resolve, reject) => {
      this.pending.push({ order, progress, resolve, reject });
      signal.addEventListener('abort', () => reject(new HoldfastError('cancelled', 'Cancelled.')));
    });
  }
  prepare({ url, password }: RepositoryAccess): Promise<{ created: boolean }> {
    const known = this.repositories.get(url);
    if (known === undefined) this.repositories.set(url, password);
    else if (known !== password) return Promise.reject(new HoldfastError('wrong-password', 'Wrong password.'));
    return Promise.resolve({ created: known === undefined });
  }
  exists({ url }: Omit<RepositoryAccess, 'password'>): Promise<boolean> {
    return Promise.resolve(this.repositories.has(url));
  }
  /** What `copy` says: a failure to a place, for as long as it is here. */
  readonly uncopiable = new Map<string, HoldfastError>();
  readonly copied: string[] = [];
  copy(from: RepositoryAccess, to: RepositoryAccess): Promise<{ snapshots: number; bytes: number }> {
    const failure = this.uncopiable.get(to.url);
    if (failure !== undefined) return Promise.reject(failure);
    this.copied.push(`${from.url} > ${to.url}`);
    return Promise.resolve({ snapshots: 1, bytes: 1200 });
  }
  forget(): Promise<{ removed: number }> {
    return Promise.resolve({ removed: 0 });
  }
  probe(): Promise<ProbeResult> {
    return Promise.resolve({ ok: true, repository: false, appendOnly: false });
  }
  upheaval(): Promise<Upheaval> {
    return Promise.resolve({ changed: 0, removed: 0, scrambled: 0, changedPaths: [] });
  }
  snapshots(): Promise<[]> {
    return Promise.resolve([]);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

export const someJob = (change: Partial<Job> = {}): Job => ({
  id: 'job1', agentId: '1', name: 'Documents', createdAt: '2026-05-04T12:00:00.000Z',
  sources: [{ type: 'files', paths: ['/home/me/Documents'], excludes: [] }],
  destination: { id: 'dest1', name: 'Backup disk', url: '/mnt/backup' }, copies: [],
  schedule: { type: 'every', minutes: 60 }, retention: {}, conditions: { onBattery: 'defer', onMetered: 'defer' }, hooks: {}, paused: false, ...change,
});

export interface World {
  readonly clock: ManualClock;
  readonly engine: ScriptedEngine;
  readonly secrets: ReturnType<typeof memorySecrets>;
  readonly journal: { runId: string; event: RunEventBody }[];
  readonly log: string[];
  readonly runLog: ReturnType<typeof memoryLog>;
  events: TunnelEvents;
  tunnel: { state: 'open' | 'paused' | 'not-joined' };
  onBattery: boolean;
  readonly options: AgentOptions;
}

/** @param kept what an earlier agent left on disk. */
export function createWorld(kept: { jobs?: Job[]; runs?: string[]; confirmed?: string[]; joined?: boolean; /** Is the hub of the same user? */ ownHub?: boolean } = {}): World {
  const clock = new ManualClock();
  const engine = new ScriptedEngine();
  const secrets = memorySecrets();
  const runLog = memoryLog(kept.runs);
  const journal: World['journal'] = [];
  const log: string[] = [];
  let id = 0;
  const world: Partial<World> = {};
  const hub = kept.joined === false ? null : { url: 'https://127.0.0.1:1', fingerprint: null };
  if (hub !== null) secrets.values.set('agent-token', `1|${'t'.repeat(40)}`);
  const createTunnel = (events: TunnelEvents): Tunnel => {
    world.events = events;
    const at = new Date(clock.now()).toISOString();
    const state: World['tunnel'] = { state: 'not-joined' };
    world.tunnel = state;
    return {
      start: () => { state.state = 'open'; },
      stop: (how) => { state.state = how; return Promise.resolve(); },
      nudge: () => undefined,
      request: () => Promise.reject(new HoldfastError('hub-unreachable', 'No hub in this test.')),
      get connection() {
        return { state: state.state === 'open' ? 'connected' as const : state.state, hub: null, hubName: null, since: at, nextAttemptAt: null, lastError: null };
      },
    };
  };
  const options: AgentOptions = {
    version: '0.0.0', host: 'laptop', os: 'linux', arch: 'x64', pid: 1, dataFolder: '/data', clock, secrets, engine, createTunnel, runs: runLog,
    logger: { log: (level, message) => { log.push(`${level}: ${message}`); } },
    logs: { read: () => [], on: () => () => undefined },
    settings: memoryDocument(agentSettingsSchema.parse({ hub, confirmedRecoveryKits: kept.confirmed ?? ['dest1'] })),
    jobs: memoryDocument({ revision: 1, jobs: kept.jobs ?? [] }),
    journal: { id: 'j', record: (runId, _jobId, event) => { journal.push({ runId, event }); return Promise.resolve(); } },
    power: { onWake: () => () => undefined, onNetworkChange: () => () => undefined, isOnBattery: () => Promise.resolve(world.onBattery === true), isMetered: () => Promise.resolve(false) },
    disks: { place: () => Promise.resolve(null), locate: () => Promise.resolve(null), check: () => Promise.resolve(), eject: () => Promise.resolve(), watch: () => () => undefined },
    discover: () => Promise.resolve({ proposals: [], notes: [] }),
    care: { document: memoryDocument(emptyCare), head: () => Promise.resolve(null) },
    drills: {
      history: memoryDocument({ drills: [] }),
      carryOut: () => Promise.resolve({ outcome: 'proven', files: 3, bytes: 3000, databases: [], reason: null }),
      removeLeftovers: () => Promise.resolve(),
    },
    reader: {
      list: () => Promise.resolve(), find: () => Promise.resolve({ found: [], more: false }), read: () => Promise.resolve({ bytes: 0 }),
      restore: () => Promise.reject(new HoldfastError('internal', 'Nothing is restored in this test.')),
    },
    toolHost: { container: null, find: () => Promise.resolve(null), start: () => Promise.reject(new Error('no tools in this test')) },
    enrol: () => Promise.resolve({ agentId: '9', name: 'laptop-2', token: `9|${'n'.repeat(40)}`, hubName: 'hub' }),
    policy: memoryDocument<StoredPolicy>(null),
    policyComputer: { realPath: (path) => Promise.resolve(path), hookFingerprint: () => Promise.resolve('f'.repeat(64)) },
    isOwnHub: () => Promise.resolve(kept.ownHub ?? true),
    hooks: { openFolder: () => Promise.reject(new Error('no hooks in this test')), read: () => Promise.reject(new Error('no hooks in this test')) },
    givenPassword: null, givenIdentity: null, newId: () => `run${(id += 1)}`, randomInt: (below) => (id * 7) % below,
  };
  return Object.assign(world, { clock, engine, secrets, journal, log, runLog, onBattery: false, options }) as World;
}
