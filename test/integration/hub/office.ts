/** A real hub on a free port, and agents' tunnels to it, for tests. Everything ends with the test. */
import { onTestFinished } from 'vitest';
import { startHub, type HubOptions, type RunningHub } from '../../../main/hub/index.js';
import { openJournal, type RunJournal } from '../../../main/agent/journal/journal.js';
import { createTunnel, dialWebSocket } from '../../../main/agent/tunnel/index.js';
import type { Dial } from '../../../main/agent/tunnel/wire.js';
import type { AppendLog, Clock } from '../../../main/agent/ports.js';
import type { Tunnel, TunnelEvents } from '../../../main/agent/tunnel-port.js';
import type { Connection } from '../../../main/shared/control.js';
import type { Job, JobDraftInput, RunResult } from '../../../main/shared/model.js';
import { tempFolder } from '../../helpers/temp.js';

export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

export interface TestHub extends RunningHub {
  readonly dataFolder: string;
  readonly lines: string[];
}

export async function testHub(change: Partial<HubOptions> = {}): Promise<TestHub> {
  const dataFolder = change.dataFolder ?? tempFolder();
  const lines: string[] = [];
  const hub = await startHub({
    dataFolder, version: '0.0.0', name: 'Test hub', listen: { host: '127.0.0.1', port: 0 },
    logger: { log: (level, message) => { lines.push(`${level}: ${message}`); } }, ...change,
  });
  onTestFinished(() => hub.close());
  return Object.assign(hub, { dataFolder, lines });
}

/** An append log in memory with the file's rules: what was appended is there at the next opening. */
export function memoryLog(initial: readonly string[] = []): AppendLog & { lines: string[] } {
  const log = {
    initial: [...initial],
    lines: [...initial],
    append: async (line: string) => { await Promise.resolve(); log.lines.push(line); },
    rewrite: async (lines: readonly string[]) => { await Promise.resolve(); log.lines = [...lines]; },
    close: () => Promise.resolve(),
  };
  return log;
}

export interface TestAgent {
  readonly id: string;
  readonly token: string;
  readonly tunnel: Tunnel;
  readonly journal: RunJournal;
  readonly states: Connection[];
  readonly jobs: { revision: number; jobs: Job[] };
  readonly started: string[];
  readonly cancelled: string[];
  readonly lines: string[];
  /** What the jobs event does before it resolves. */
  onJobs: (jobs: Job[]) => Promise<void>;
  onStart: (runId: string, jobId: string) => void;
  start(): void;
  connected(): Promise<void>;
}

let nextJournal = 0;

export function testAgent(hub: Pick<RunningHub, 'url' | 'fingerprint'>, identity: { id: string; token: string }, change: { dial?: Dial; log?: AppendLog; random?: () => number } = {}): TestAgent {
  const log = change.log ?? memoryLog();
  const lines: string[] = [];
  const logger = { log: (level: string, message: string) => { lines.push(`${level}: ${message}`); } };
  const journal = openJournal({ log, clock: realClock, logger, newId: () => `j${process.pid}_${(nextJournal += 1)}` });
  const events: TunnelEvents = {
    connection: (connection) => { agent.states.push(connection); },
    jobs: async (revision, jobs) => {
      await agent.onJobs(jobs);
      Object.assign(agent.jobs, { revision, jobs });
    },
    runStart: (runId, jobId) => {
      agent.started.push(runId);
      agent.onStart(runId, jobId);
    },
    runCancel: (runId) => { agent.cancelled.push(runId); },
    request: () => Promise.resolve({ snapshots: [] }) as never,
  };
  const tunnel = createTunnel({
    dial: change.dial ?? dialWebSocket, clock: realClock, random: change.random ?? Math.random, logger, journal, events,
    hello: () => ({ version: '0.0.0', host: 'laptop', os: 'linux', arch: 'x64', capabilities: [], jobsRevision: agent.jobs.revision }),
  });
  const agent: TestAgent = {
    ...identity, tunnel, journal, lines, states: [], jobs: { revision: 0, jobs: [] }, started: [], cancelled: [],
    onJobs: () => Promise.resolve(),
    onStart: () => undefined,
    start: () => tunnel.start({ url: hub.url, fingerprint: hub.fingerprint, token: identity.token }),
    connected: () => until(() => tunnel.connection.state === 'connected', () => `connected, but it is ${tunnel.connection.state}: ${tunnel.connection.lastError?.message ?? ''}`),
  };
  onTestFinished(async () => {
    await tunnel.stop('paused');
    await journal.close();
  });
  return agent;
}

/** Waits for something to become true. The test's own time limit is the limit. */
export async function until(condition: () => boolean | Promise<boolean>, what: () => string = () => 'true'): Promise<void> {
  for (let i = 0; !(await condition()); i += 1) {
    if (i > 2_000) throw new Error(`never became ${what()}`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

export const draft = (change: Partial<JobDraftInput> = {}): JobDraftInput => ({
  name: 'Documents',
  sources: [{ type: 'files', paths: ['/home/me/Documents'] }],
  destination: { id: 'dest1', name: 'Backup disk', url: '/mnt/backup' },
  schedule: { type: 'every', minutes: 60 },
  ...change,
});

export const someResult = (change: Partial<RunResult> = {}): RunResult => ({
  snapshotId: 'a'.repeat(64), treeId: 'b'.repeat(64), filesNew: 3, filesChanged: 0, filesUnmodified: 0, dirsNew: 1, dirsChanged: 0, dirsUnmodified: 0,
  bytesProcessed: 3000, bytesAdded: 3000, bytesStored: 1200, durationMs: 250, unreadableCount: 0, unreadable: [], warnings: [], copies: [], ...change,
});
