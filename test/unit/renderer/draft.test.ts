import { describe, expect, it } from 'vitest';
import { jobDraftSchema } from '../../../main/shared/model.js';
import { mergeLogs } from '../../../renderer/window/app/log-lines.js';
import { draftOf, jobName, withoutNested } from '../../../renderer/window/setup/draft.js';

describe('a new job', () => {
  it('is named after its folders', () => {
    expect(jobName(['/home/anna'], [])).toBe('anna');
    expect(jobName(['/a/Documents', '/a/Music'], [])).toBe('Documents and Music');
    expect(jobName(['/a/Documents', '/a/Music', '/b'], [])).toBe('Documents and 2 more');
    expect(jobName(['/'], [])).toBe('/');
    expect(jobName(['/a/Documents'], ['Documents', 'Documents 2'])).toBe('Documents 3');
  });

  it('backs up no folder twice', () => {
    expect(withoutNested(['/home/anna', '/home/anna/Documents', '/home/annabel'])).toEqual(['/home/anna', '/home/annabel']);
    expect(withoutNested(['/', '/home'])).toEqual(['/']);
  });

  it('is one that the hub takes', () => {
    const place = { destinationId: 'd1', path: '/media/disk/Holdfast Backups', name: 'disk', kind: 'disk' as const, freeBytes: null };
    const draft = jobDraftSchema.parse(draftOf(['/home/anna/Documents'], place, ['/home/anna/.cache'], 'four-hours', []));
    expect(draft).toMatchObject({ name: 'Documents', schedule: { type: 'every', minutes: 240 }, destination: { id: 'd1', url: '/media/disk/Holdfast Backups' } });
  });
});

describe('log lines', () => {
  const line = (seq: number): Parameters<typeof mergeLogs>[0][number] => ({ seq, at: '2026-03-01T10:00:00.000Z', level: 'info', scope: 'agent', message: `line ${seq}`, runId: null });

  it('come in order and once, however they arrive', () => {
    expect(mergeLogs([line(3)], [line(1), line(2), line(3)]).map((entry) => entry.seq)).toEqual([1, 2, 3]);
  });
});
