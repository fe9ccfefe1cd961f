import { describe, expect, it } from 'vitest';
import { trayModel, type TrayItem } from '../../../main/desktop/tray/menu.js';
import { agentState, jobView, run } from './state.js';

const labels = (items: readonly TrayItem[]): string[] => items.flatMap((item) => (item.kind === 'separator' ? [] : item.kind === 'submenu' ? [item.label, ...labels(item.items).map((label) => `  ${label}`)] : [item.label]));

describe('the tray', () => {
  it('says what the window says, and offers everything by a stable label', () => {
    const model = trayModel(agentState());
    expect(model.icon).toBe('protected');
    expect(model.tooltip).toBe('Holdfast: Protected: Last backup just now');
    expect(labels(model.menu)).toEqual([
      'Protected: Last backup just now', 'Connected to this computer\'s hub', 'Back up now',
      'Pause agent', '  For 1 hour', '  For 4 hours', '  Until tomorrow', '  Until I resume', 'Open Holdfast', 'Remove Holdfast…', 'Quit',
    ]);
  });

  it('shows whether Holdfast starts at login, where it can', () => {
    expect(labels(trayModel(agentState()).menu)).not.toContain('Start at login');
    const of = (atLogin: boolean): unknown => trayModel(agentState(), null, atLogin).menu.find((entry) => entry.kind === 'item' && entry.label === 'Start at login');
    expect(of(true)).toMatchObject({ checked: true, action: { type: 'at-login', wanted: false } });
    expect(of(false)).toMatchObject({ checked: false, action: { type: 'at-login', wanted: true } });
  });

  it('offers each job when there are several', () => {
    expect(labels(trayModel(agentState({ jobs: [jobView('a', 'Documents'), jobView('b', 'Music & films')] })).menu))
      .toEqual(expect.arrayContaining(['Back up now', '  All jobs', '  Documents', '  Music & films']));
  });

  it('can only be resumed while paused', () => {
    const shown = labels(trayModel(agentState({ status: 'Paused', reason: 'The agent is paused until you resume it', paused: { until: null } })).menu);
    expect(shown).toContain('Resume agent');
    expect(shown).not.toContain('Pause agent');
  });

  it('shows a run with its share and lets it be cancelled', () => {
    const progress = { phase: 'backing-up' as const, filesDone: 1, bytesDone: 256, filesTotal: 4, bytesTotal: 1024, bytesStored: 1, errors: 0, currentPath: null };
    const model = trayModel(agentState({ runs: [run('r', { progress })] }));
    expect(model.icon).toBe('running');
    expect(model.tooltip).toContain('Backing up "Documents", 25%');
    expect(labels(model.menu)).toContain('Cancel backup');
  });

  it('keeps its menu the same while only progress changes', () => {
    const at = (bytesDone: number): string => JSON.stringify(trayModel(agentState({
      runs: [run('r', { progress: { phase: 'backing-up', filesDone: 1, bytesDone, filesTotal: 4, bytesTotal: 1024, bytesStored: 1, errors: 0, currentPath: null } })],
    })).menu);
    expect(at(1)).toBe(at(1000));
  });

  it('has nothing to start before there is a job, and can always be opened and quit', () => {
    for (const state of [null, agentState({ status: 'Not set up', reason: 'No folder is being backed up yet', jobs: [] })]) {
      const menu = trayModel(state).menu;
      expect(menu.some((item) => item.kind === 'item' && item.label === 'Back up now' && item.action !== null)).toBe(false);
      expect(labels(menu)).toEqual(expect.arrayContaining(['Open Holdfast', 'Quit']));
    }
  });

  it('marks a lost connection only when nothing is worse', () => {
    const connection = { ...agentState().connection, state: 'waiting' as const };
    expect(trayModel(agentState({ connection })).icon).toBe('offline');
    expect(trayModel(agentState({ connection, status: 'Failing' })).icon).toBe('failing');
  });

  it('cuts a long reason in the menu and keeps it whole in the tooltip', () => {
    const reason = 'x'.repeat(200);
    const model = trayModel(agentState({ reason }));
    expect(labels(model.menu)[0]?.length).toBeLessThanOrEqual(90);
    expect(model.tooltip).toContain(reason);
  });
});
