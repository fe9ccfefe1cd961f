/** States of an agent for tests of what is shown of it. */
import { noQuestions } from '../../../main/shared/consent.js';
import type { AgentState, JobView } from '../../../main/shared/control.js';
import type { Run } from '../../../main/shared/model.js';

const at = '2026-03-01T10:00:00.000Z';

export function jobView(id: string, name = id): JobView {
  return {
    job: {
      id, name, agentId: '1', createdAt: at,
      sources: [{ type: 'files', paths: ['/home/anna/Documents'], excludes: [] }],
      destination: { id: 'd', name: 'Disk', url: '/media/disk/Holdfast' }, copies: [],
      schedule: { type: 'every', minutes: 60 }, retention: {}, conditions: { onBattery: 'defer', onMetered: 'defer' }, hooks: {}, paused: false,
    },
    status: { jobId: id, status: 'Protected', reason: 'Last backup just now', lastGoodAt: at },
    lastRun: null, nextRunAt: null, recoveryKitConfirmed: true, alarm: null, disk: null,
  };
}

export function run(id: string, change: Partial<Run> = {}): Run {
  return {
    id, jobId: 'a', jobName: 'Documents', trigger: 'schedule', state: 'running', queuedAt: at, startedAt: at, finishedAt: null,
    progress: null, result: null, error: null, ...change,
  };
}

export const result = (change: Partial<NonNullable<Run['result']>> = {}): NonNullable<Run['result']> => ({
  snapshotId: 'a'.repeat(64), treeId: 'b'.repeat(64), filesNew: 10, filesChanged: 0, filesUnmodified: 2, dirsNew: 1, dirsChanged: 0, dirsUnmodified: 0,
  bytesProcessed: 2048, bytesAdded: 2048, bytesStored: 1024, durationMs: 1500, unreadableCount: 0, unreadable: [], warnings: [], copies: [], ...change,
});

export function agentState(change: Partial<AgentState> = {}): AgentState {
  return {
    status: 'Protected', reason: 'Last backup just now', lastGoodAt: at,
    agent: { id: '1', name: 'laptop', version: '0.1.0', pid: 1, dataFolder: '/data' },
    connection: { state: 'connected', hub: 'https://127.0.0.1:1234', hubName: 'laptop', since: at, nextAttemptAt: null, lastError: null },
    paused: null, jobs: [jobView('a', 'Documents')], runs: [], secrets: { kind: 'keychain', description: 'the keyring' }, consent: noQuestions, restores: [], ...change,
  };
}
