import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computerStatus, jobStatus, statuses, type JobFacts } from '../../../main/shared/status.js';

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.parse('2026-05-04T12:00:00Z');
const facts = (change: Partial<JobFacts> = {}): JobFacts => ({
  jobId: 'a', name: 'Documents', paused: false, lastGoodAt: now - 2 * hour, lastRun: { state: 'succeeded', error: null, result: null },
  dueAt: now + 22 * hour, interval: day, waitingFor: null, ...change,
});

describe('the status of a job', () => {
  it('is Protected while the schedule is kept', () => {
    expect(jobStatus(facts(), now)).toEqual({ status: 'Protected', reason: 'Last backup 2 hours ago', lastGoodAt: '2026-05-04T10:00:00.000Z' });
  });

  it('turns from Protected to Due to At risk by silence alone', () => {
    const seen = [0, 23, 25, 40, 47, 60, 200].map((hours) => jobStatus(facts(), now + hours * hour).status);
    expect(seen).toEqual(['Protected', 'Due', 'Due', 'Due', 'At risk', 'At risk', 'At risk']);
  });

  it('says what it waits for', () => {
    const report = jobStatus(facts({ lastGoodAt: now - 3 * day, dueAt: now - 2 * day, waitingFor: "the disk 'Backup' has not been attached since" }), now);
    expect(report).toMatchObject({ status: 'At risk', reason: "Last backup 3 days ago; the disk 'Backup' has not been attached since" });
  });

  it('is Failing with the cause after a failed run, though an older backup is good', () => {
    const report = jobStatus(facts({ lastRun: { state: 'failed', error: { message: 'The disk is full.' }, result: null } }), now);
    expect(report).toMatchObject({ status: 'Failing', reason: 'The disk is full. Last backup 2 hours ago' });
  });

  it('is never Protected without a good backup', () => {
    fc.assert(fc.property(fc.boolean(), fc.option(fc.integer({ min: -5 * day, max: 5 * day })), fc.constantFrom('queued', 'running', 'failed', 'cancelled', 'interrupted'), (paused, due, state) => {
      const report = jobStatus(facts({ paused, lastGoodAt: null, dueAt: due === null ? null : now + due, lastRun: { state, error: null, result: null } }), now);
      expect(report.status).not.toBe('Protected');
      expect(report.reason.length).toBeGreaterThan(0);
    }));
  });
});

describe('the status of the computer', () => {
  it('is Not set up without jobs', () => {
    expect(computerStatus({ jobs: [], paused: null }, now)).toMatchObject({ status: 'Not set up', lastGoodAt: null });
  });

  it('is that of the worst job, named when there are several', () => {
    const report = computerStatus({ paused: null, jobs: [facts(), facts({ jobId: 'b', name: 'Code', lastGoodAt: now - 4 * day, dueAt: now - 3 * day })] }, now);
    expect(report).toMatchObject({ status: 'At risk', reason: '"Code": Last backup 4 days ago' });
    expect(report.jobs.map((job) => job.status)).toEqual(['Protected', 'At risk']);
  });

  it('says until when it is paused', () => {
    expect(computerStatus({ paused: { until: now + 4 * hour }, jobs: [facts()] }, now).reason).toBe('The agent is paused for another 4 hours; last backup 2 hours ago');
    expect(computerStatus({ paused: { until: null }, jobs: [facts()] }, now).reason).toBe('The agent is paused until you resume it; last backup 2 hours ago');
  });

  it('is never better than any of its jobs', () => {
    const job = fc.record({ paused: fc.boolean(), age: fc.option(fc.integer({ min: 0, max: 10 * day })), due: fc.option(fc.integer({ min: -10 * day, max: day })), state: fc.constantFrom('succeeded', 'failed', 'running') });
    fc.assert(fc.property(fc.array(job, { minLength: 1, maxLength: 5 }), (list) => {
      const report = computerStatus({ paused: null, jobs: list.map((j, i) => facts({
        jobId: `j${i}`, paused: j.paused, lastGoodAt: j.age === null ? null : now - j.age, dueAt: j.due === null ? null : now + j.due, lastRun: { state: j.state, error: null, result: null },
      })) }, now);
      expect(statuses.indexOf(report.status)).toBe(Math.max(...report.jobs.map((entry) => statuses.indexOf(entry.status))));
    }));
  });
});
