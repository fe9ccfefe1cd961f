/** restic's keep rules (facts: restic internal/data/snapshot_policy.go, duration.go). Pure. */
import { HoldfastError } from '../../shared/errors.js';
import { quotedText } from '../../shared/text.js';
import type { KeepPolicy, Snapshot } from '../types.js';

export interface Duration { hours: number; days: number; months: number; years: number }

/** @throws `usage` for anything but `1y5m7d2h` */
export function parseDuration(text: string): Duration {
  const out: Duration = { hours: 0, days: 0, months: 0, years: 0 };
  const fields = { y: 'years', m: 'months', d: 'days', h: 'hours' } as const;
  const trimmed = text.trim();
  if (!/^(-?\d{1,6}[ymdh])+$/.test(trimmed)) throw new HoldfastError('usage', `${quotedText(text)} is not a duration. Write it like 1y5m7d2h.`);
  for (const [, number, unit] of trimmed.matchAll(/(-?\d+)([ymdh])/g)) out[fields[unit as keyof typeof fields]] = Number(number);
  return out;
}

/** Clock and calendar as the snapshot's own time zone shows them. */
interface Local { year: number; month: number; day: number; hour: number }

function localOf(time: string): Local {
  const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)/.exec(time);
  return { year: Number(m?.[1]), month: Number(m?.[2]), day: Number(m?.[3]), hour: Number(m?.[4]) };
}

/** Year and week of ISO 8601 as one number. */
export function isoWeek({ year, month, day }: Pick<Local, 'year' | 'month' | 'day'>): number {
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7)); // the week's Thursday decides its year
  const weekYear = date.getUTCFullYear();
  return weekYear * 100 + Math.ceil(((date.getTime() - Date.UTC(weekYear, 0, 1)) / 86_400_000 + 1) / 7);
}

type Bucketer = (time: Local, position: number) => number;
const buckets: Record<'last' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly', Bucketer> = {
  last: (_time, position) => position,
  hourly: (t) => ((t.year * 100 + t.month) * 100 + t.day) * 100 + t.hour,
  daily: (t) => (t.year * 100 + t.month) * 100 + t.day,
  weekly: isoWeek,
  monthly: (t) => t.year * 100 + t.month,
  yearly: (t) => t.year,
};

/** Milliseconds of `time` minus the duration, by the calendar of the time's own zone. */
function before(time: string, d: Duration): number {
  const instant = Date.parse(time);
  const zone = /([+-])(\d\d):(\d\d)$/.exec(time);
  const offset = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) * 60_000 : 0;
  const local = new Date(instant + offset);
  // as Go's AddDate: months overflow into the next, 31 March less a month is 3 March
  const moved = Date.UTC(local.getUTCFullYear() - d.years, local.getUTCMonth() - d.months, local.getUTCDate() - d.days,
    local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds(), local.getUTCMilliseconds());
  return moved - offset - d.hours * 3_600_000;
}

function hasTags(snapshot: Snapshot, list: string): boolean {
  return list.split(',').every((tag) => (tag === '' ? !snapshot.tags?.length : snapshot.tags?.includes(tag) ?? false));
}

export interface Decision { keep: { snapshot: Snapshot; reasons: string[] }[]; remove: Snapshot[] }

export function isEmptyPolicy(p: KeepPolicy): boolean {
  return !p.last && !p.hourly && !p.daily && !p.weekly && !p.monthly && !p.yearly && !p.within
    && !p.withinHourly && !p.withinDaily && !p.withinWeekly && !p.withinMonthly && !p.withinYearly && !(p.tags && p.tags.length > 0);
}

/**
 * @param now milliseconds; snapshots from the future do not move the reference of the `within` rules
 * @throws `usage` for counts below -1 and malformed durations
 */
export function applyPolicy(snapshots: readonly Snapshot[], policy: KeepPolicy, now: number): Decision {
  const list = [...snapshots].sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
  const newest = list.find((s) => Date.parse(s.time) < now) ?? list[0];
  const counts = (['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const).map((name) => {
    const left = policy[name] ?? 0;
    if (left < -1) throw new HoldfastError('usage', `keep-${name} must be a count, or -1 for all.`);
    return { bucket: buckets[name], left, seen: -1, reason: `${name === 'last' ? 'last' : name} snapshot` };
  });
  const withins = ([['hourly', policy.withinHourly], ['daily', policy.withinDaily], ['weekly', policy.withinWeekly], ['monthly', policy.withinMonthly], ['yearly', policy.withinYearly]] as const)
    .flatMap(([name, text]) => (text === undefined || !newest ? [] : [{ bucket: buckets[name], after: before(newest.time, parseDuration(text)), seen: -1, reason: `${name} within ${text}` }]));
  const within = policy.within === undefined || !newest ? null : before(newest.time, parseDuration(policy.within));

  const decision: Decision = { keep: [], remove: [] };
  list.forEach((snapshot, position) => {
    const reasons: string[] = [];
    const time = Date.parse(snapshot.time);
    const local = localOf(snapshot.time);
    const oldest = position === list.length - 1;
    for (const tags of policy.tags ?? []) if (hasTags(snapshot, tags)) reasons.push(`has tags [${tags.split(',').join(', ')}]`);
    if (within !== null && time > within) reasons.push(`within ${policy.within ?? ''}`);
    for (const rule of counts) {
      if (rule.left === 0) continue;
      const value = rule.bucket(local, position);
      // the oldest is kept while counts are left, so that history reaches back as far as it can
      if (value === rule.seen && !oldest) continue;
      reasons.push(value === rule.seen ? `oldest ${rule.reason}` : rule.reason);
      rule.seen = value;
      if (rule.left > 0) rule.left--;
    }
    for (const rule of withins) {
      if (time <= rule.after) continue;
      const value = rule.bucket(local, position);
      if (value === rule.seen && !oldest) continue;
      reasons.push(value === rule.seen ? `oldest ${rule.reason}` : rule.reason);
      rule.seen = value;
    }
    if (reasons.length > 0) decision.keep.push({ snapshot, reasons });
    else decision.remove.push(snapshot);
  });
  return decision;
}
