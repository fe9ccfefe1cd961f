/** Moments in the reader's own time zone. */
const whole = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const momentText = (at: string): string => whole.format(new Date(at));
export const clockText = (at: string): string => clock.format(new Date(at));
