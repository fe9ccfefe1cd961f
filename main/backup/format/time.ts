/**
 * Times with nanoseconds, and Go's RFC3339Nano in the computer's time zone, which is what restic writes.
 */
import { ByteWriter } from './byte-writer.js';

export interface Time {
  /** Seconds since 1970, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanos: number;
}

export function sameTime(a: Time, b: Time): boolean {
  return a.seconds === b.seconds && a.nanos === b.nanos;
}

export function fromMillis(millis: number): Time {
  const seconds = Math.floor(millis / 1000);
  return { seconds, nanos: Math.round((millis - seconds * 1000) * 1e6) };
}

export function toMillis(time: Time): number {
  return time.seconds * 1000 + time.nanos / 1e6;
}

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);

/** Without zeros at the end, as Go. */
function writeFraction(out: ByteWriter, nanos: number): void {
  if (nanos === 0) return;
  let value = nanos;
  let width = 9;
  for (; value % 10 === 0; width--) value /= 10;
  out.text('.');
  out.digits(value, width);
}

/** The zone's offset from UTC in seconds at that time, by the computer's zone rules. */
function offsetAt(seconds: number): number {
  return -Math.round(new Date(seconds * 1000).getTimezoneOffset() * 60);
}

const cacheSize = 4096;
const cacheKeys = new Float64Array(cacheSize).fill(NaN);
const cacheTexts: { day: string; zone: string; offset: number }[] = [];

/** Forgets what was remembered of the computer's time zone: a laptop travels. Called when an operation starts. */
export function forgetZone(): void {
  cacheKeys.fill(NaN);
}

/** The day's date and the zone never change within a quarter of an hour of UTC, so they are remembered. */
function quarterOf(seconds: number): { day: string; zone: string; offset: number } {
  const quarter = Math.floor(seconds / 900);
  const slot = ((quarter % cacheSize) + cacheSize) % cacheSize;
  const known = cacheTexts[slot];
  if (cacheKeys[slot] === quarter && known) return known;
  const offset = offsetAt(seconds);
  const local = new Date((quarter * 900 + offset) * 1000);
  // a zone in old times may be off by seconds; then a quarter can straddle midnight, and the day is worked out anew
  const day = `${String(local.getUTCFullYear()).padStart(4, '0')}-${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}T`;
  const minutes = Math.trunc(Math.abs(offset) / 60);
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
  const made = { day, zone, offset };
  if (offset % 900 === 0) {
    cacheKeys[slot] = quarter;
    cacheTexts[slot] = made;
  } else {
    const exact = new Date((seconds + offset) * 1000);
    made.day = `${String(exact.getUTCFullYear()).padStart(4, '0')}-${two(exact.getUTCMonth() + 1)}-${two(exact.getUTCDate())}T`;
  }
  return made;
}

const yearZero = -62167219200;
const yearTenThousand = 253402300800;

/** Years outside 0 to 9999 cannot be written; as restic, only the year is changed then. */
function writable(time: Time): Time {
  if (time.seconds >= yearZero + 86400 && time.seconds < yearTenThousand - 86400) return time;
  const date = new Date(time.seconds * 1000);
  if (Number.isNaN(date.getTime())) return { seconds: time.seconds < 0 ? yearZero : yearTenThousand - 1, nanos: time.nanos };
  const year = date.getFullYear();
  if (year >= 0 && year <= 9999) return time;
  date.setFullYear(year < 0 ? 0 : 9999);
  return { seconds: Math.floor(date.getTime() / 1000), nanos: time.nanos };
}

/** As Go's time.Time marshals to JSON, without quotes. */
export function writeTime(out: ByteWriter, given: Time): void {
  const time = writable(given);
  const { day, zone, offset } = quarterOf(time.seconds);
  const inDay = (((time.seconds + offset) % 86400) + 86400) % 86400;
  out.text(day);
  out.digits(Math.trunc(inDay / 3600), 2);
  out.text(':');
  out.digits(Math.trunc((inDay % 3600) / 60), 2);
  out.text(':');
  out.digits(inDay % 60, 2);
  writeFraction(out, time.nanos);
  out.text(zone);
}

export function formatTime(time: Time): string {
  const out = new ByteWriter(64);
  writeTime(out, time);
  return out.bytes.toString('latin1');
}

const pattern = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** @returns null when the text is no RFC 3339 time */
export function parseTime(text: string): Time | null {
  const m = pattern.exec(text);
  if (!m) return null;
  const date = new Date(0);
  date.setUTCFullYear(Number(m[1]), Number(m[2]) - 1, Number(m[3]));
  date.setUTCHours(Number(m[4]), Number(m[5]), Number(m[6]));
  let seconds = date.getTime() / 1000;
  if (m[8]) seconds -= (m[8] === '-' ? -1 : 1) * (Number(m[9]) * 3600 + Number(m[10]) * 60);
  return { seconds, nanos: m[7] ? Number(m[7].padEnd(9, '0')) : 0 };
}
