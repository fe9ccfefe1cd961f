import { describe, expect, it } from 'vitest';
import { escapeMarkup, noticesBetween } from '../../../main/desktop/notifications/notices.js';
import { agentState, result, run } from './state.js';

const failed = run('r', { state: 'failed', error: { code: 'destination-missing', message: 'The disk is not attached.', retryable: true } });
const good = run('r', { state: 'succeeded', trigger: 'first', result: result() });

describe('notifications', () => {
  it('tell of a run that failed, once', () => {
    const notices = noticesBetween(agentState({ runs: [run('r')] }), agentState({ runs: [failed] }));
    expect(notices).toEqual([{ title: 'Backup of "Documents" failed', body: 'The disk is not attached.' }]);
    expect(noticesBetween(agentState({ runs: [failed] }), agentState({ runs: [failed] }))).toEqual([]);
  });

  it('tell of a run that began and failed between two looks', () => {
    expect(noticesBetween(agentState(), agentState({ runs: [failed] }))).toHaveLength(1);
  });

  it('tell of the first backup with what it did, and not of later ones', () => {
    expect(noticesBetween(agentState({ runs: [run('r')] }), agentState({ runs: [good] })))
      .toEqual([{ title: 'First backup of "Documents" finished', body: '12 files are safe in 1.00 KiB.' }]);
    const later = run('s', { state: 'succeeded', result: result() });
    expect(noticesBetween(agentState({ runs: [run('s'), good] }), agentState({ runs: [later, good] }))).toEqual([]);
  });

  it('say nothing of a cancelled run: whoever cancelled it knows', () => {
    expect(noticesBetween(agentState({ runs: [run('r')] }), agentState({ runs: [run('r', { state: 'cancelled' })] }))).toEqual([]);
  });

  it('escape what a notification server would take for markup', () => {
    expect(escapeMarkup('a <b> & c')).toBe('a &lt;b&gt; &amp; c');
  });
});
