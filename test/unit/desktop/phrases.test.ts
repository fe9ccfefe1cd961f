import { describe, expect, it } from 'vitest';
import { pauseChoices } from '../../../main/shared/pause.js';
import { activeRun, connectionLine, progressLine, runOutcome, runShare, scheduleText } from '../../../main/shared/phrases.js';
import { agentState, result, run } from './state.js';

const progress = (bytesDone: number, bytesTotal: number | null) =>
  run('r', { progress: { phase: 'backing-up', filesDone: 3, bytesDone, filesTotal: bytesTotal === null ? null : 4, bytesTotal, bytesStored: 0, errors: 0, currentPath: null } });

describe('progress', () => {
  it('has a share only where the total holds', () => {
    expect(runShare(progress(512, 1024))).toBe(0.5);
    expect(progressLine(progress(512, 1024))).toBe('3 files, 512 B of 1.00 KiB');
    expect(runShare(progress(512, null))).toBeNull();
    expect(progressLine(progress(512, null))).toBe('3 files, 512 B so far');
  });

  it('does not go by a total that turned out too small', () => {
    expect(runShare(progress(2048, 1024))).toBeNull();
    expect(progressLine(progress(2048, 1024))).toBe('3 files, 2.00 KiB so far');
  });

  it('of empty files goes by their number', () => expect(runShare(progress(0, 0))).toBe(0.75));
});

describe('words', () => {
  it('name this computer\'s own hub, and others by their name', () => {
    const { connection } = agentState();
    expect(connectionLine(connection)).toBe("Connected to this computer's hub");
    expect(connectionLine({ ...connection, hub: 'https://office.example:7878', hubName: 'Office' })).toBe('Connected to Office');
    expect(connectionLine({ ...connection, state: 'stopped', hub: 'https://127.example:7878', hubName: null })).toBe('Refused by https://127.example:7878');
  });

  it('tell the schedule', () => {
    expect([60, 240, 1440, 2880, 90].map((minutes) => scheduleText({ type: 'every', minutes }))).toEqual(['Every hour', 'Every 4 hours', 'Every day', 'Every 2 days', 'Every 90 minutes']);
    expect(scheduleText({ type: 'times', times: ['09:00', '17:30'], days: [1, 5] })).toBe('Monday, Friday at 09:00, 17:30');
  });

  it('tell how a run ended', () => {
    expect(runOutcome(run('r', { state: 'warnings', result: result({ unreadableCount: 1 }) }))).toBe('Finished, 1 file not read');
  });

  it('take the run that works before one that waits', () => {
    expect(activeRun({ runs: [run('a', { state: 'queued' }), run('b'), run('c', { state: 'failed' })] })?.id).toBe('b');
    expect(activeRun({ runs: [run('c', { state: 'failed' })] })).toBeNull();
  });
});

describe('a pause until tomorrow', () => {
  it('ends in the morning, whenever it began', () => {
    const until = pauseChoices(new Date(2026, 11, 31, 23, 50)).find((choice) => choice.label === 'Until tomorrow')?.until;
    expect(until).toEqual(new Date(2027, 0, 1, 6));
  });
});
