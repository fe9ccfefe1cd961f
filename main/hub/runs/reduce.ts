/** What an event does to a run. Pure. */
import type { RunEvent } from '../../shared/protocol/messages.js';
import { isFinal, runStateSchema } from '../../shared/model.js';
import type { RunRow } from '../store/schema.js';

/** The run as it begins to be known: from the agent's first event of it. */
export function runFrom(agentId: number, event: RunEvent, jobName: string): RunRow {
  return {
    id: event.runId, agent_id: agentId, job_id: event.jobId, job_name: jobName, trigger: 'schedule', state: 'queued', queued_at: Date.parse(event.at),
    started_at: null, finished_at: null, progress: null, result: null, unreadable: 0, error: null, awaiting: 0, ordered: 0, cancelling: 0,
  };
}

/** The agent is right about its runs: its `finished` replaces whatever the hub had assumed. Any event answers an order. */
export function applyEvent(run: RunRow, { at, event }: RunEvent): RunRow {
  const answered: RunRow = { ...run, awaiting: 0 };
  const over = isFinal(runStateSchema.parse(run.state)) && run.state !== 'interrupted';
  switch (event.type) {
    case 'queued':
      return { ...answered, job_name: event.jobName.replaceAll('\0', ''), ...(over ? {} : { trigger: event.trigger }) };
    case 'started':
      return over ? answered : { ...answered, state: 'running', started_at: Date.parse(at), finished_at: null };
    case 'progress':
      return over ? answered : { ...answered, progress: JSON.stringify(event.progress) };
    case 'log':
      return answered;
    case 'finished':
      return {
        ...answered,
        state: event.state,
        finished_at: Date.parse(at),
        progress: null,
        cancelling: 0,
        result: event.result === null ? null : JSON.stringify(event.result),
        unreadable: event.result?.unreadableCount ?? 0,
        error: event.error === null ? null : JSON.stringify(event.error),
      };
  }
}
