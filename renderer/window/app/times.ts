/** Moments as people say them, in the computer's own time zone. */
import { ageText } from '../../../main/shared/text.js';

const timeOnly = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** `today, 14:05` or `Mon, 23 Nov, 14:05`. @param now ms since the epoch. */
export function momentText(at: string, now: number): string {
  const date = new Date(at);
  return date.toDateString() === new Date(now).toDateString() ? `today, ${timeOnly.format(date)}` : dayAndTime.format(date);
}

/** `5 minutes ago (today, 14:05)`. */
export const pastText = (at: string, now: number): string => `${ageText(now - Date.parse(at))} (${momentText(at, now)})`;

export const wholeText = (at: string): string => whole.format(new Date(at));
export const clockText = (at: string): string => clock.format(new Date(at));
