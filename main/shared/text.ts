/** Numbers as people read them. Everything shown on a screen goes through here, so that all screens agree. */

/** Bytes in binary units, as restic prints them: `0 B`, `512 B`, `1.4 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

const spans: readonly (readonly [number, string])[] = [
  [86_400_000, 'day'], [3_600_000, 'hour'], [60_000, 'minute'],
];

/** An age in its largest unit: `just now`, `5 minutes ago`, `3 days ago`; `bare` leaves out "ago". @param ms milliseconds, negative is taken as 0. */
export function ageText(ms: number, form: 'ago' | 'bare' = 'ago'): string {
  for (const [length, unit] of spans) {
    const n = Math.floor(ms / length);
    if (n >= 1) return `${n} ${unit}${n === 1 ? '' : 's'}${form === 'ago' ? ' ago' : ''}`;
  }
  return form === 'ago' ? 'just now' : 'a moment';
}

/** A duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. @param ms milliseconds. */
export function durationText(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** `1 file`, `12,345 files`. */
export function countText(n: number, one: string, many = `${one}s`): string {
  return `${String(n).replace(/\B(?=(\d{3})+$)/g, ',')} ${n === 1 ? one : many}`; // an Intl formatter takes as long to make as some commands to run
}

/** What a person typed, for a message: in quotes, on one line, and not longer than a line. */
export function quotedText(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
