import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSchedule, nextTime, spread, usualInterval } from '../../../main/agent/schedule/schedule.js';

const at = (iso: string): number => Date.parse(iso);
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

describe('a schedule', () => {
  it('names times of day in its timezone, across the change to summer time', () => {
    const daily = { type: 'times' as const, times: ['12:30', '02:30'], timezone: 'Europe/Berlin' };
    expect(iso(nextTime(daily, at('2026-03-28T12:00:00Z')))).toBe('2026-03-29T01:00:00.000Z'); // 02:30 does not exist that day; it runs once, at 03:00
    expect(iso(nextTime(daily, at('2026-06-01T05:00:00Z')))).toBe('2026-06-01T10:30:00.000Z');
  });

  it('keeps to its days', () => {
    const weekly = { type: 'times' as const, times: ['09:00'], days: [1], timezone: 'UTC' };
    expect(iso(nextTime(weekly, at('2026-06-02T00:00:00Z')))).toBe('2026-06-08T09:00:00.000Z');
    expect(usualInterval(weekly, at('2026-06-02T00:00:00Z'))).toBe(7 * 86_400_000);
  });

  it('counts "every" from the last run and never names a time for runs by hand', () => {
    expect(nextTime({ type: 'every', minutes: 30 }, 1_000)).toBe(1_000 + 30 * 60_000);
    expect(nextTime({ type: 'manual' }, 0)).toBeNull();
    expect(usualInterval({ type: 'manual' }, 0)).toBeNull();
  });

  it('refuses what means nothing with a sentence', () => {
    expect(() => checkSchedule({ type: 'cron', expression: '61 25 * * *' })).toThrow(/is not valid\. Write five cron fields/);
    expect(() => checkSchedule({ type: 'cron', expression: '0 9 * * *', timezone: 'Middle/Earth' })).toThrow(/is not valid/);
    fc.assert(fc.property(fc.string({ minLength: 9, maxLength: 40 }), (expression) => {
      try {
        checkSchedule({ type: 'cron', expression });
      } catch (error) {
        expect(String(error)).toContain('is not valid');
      }
    }));
  });

  it('always moves forward', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), (after, hour, minute) => {
      const next = nextTime({ type: 'times', times: [`${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`], timezone: 'UTC' }, after);
      expect(next).toBeGreaterThan(after);
      expect((next ?? 0) - after).toBeLessThanOrEqual(86_400_000);
    }), { numRuns: 50 });
  });

  it('spreads starts by at most two minutes and a twentieth of the interval, the same for the same job', () => {
    fc.assert(fc.property(fc.string(), fc.option(fc.integer({ min: 0, max: 1e10 })), (id, interval) => {
      const delay = spread(id, interval);
      expect(delay).toBe(spread(id, interval));
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(Math.min((interval ?? 0) / 20, 120_000));
    }));
  });
});
