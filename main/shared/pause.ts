/** How long the agent may be paused, as tray and window offer it. */

export interface PauseChoice {
  readonly label: string;
  /** When the pause ends by itself; null when a person ends it. */
  readonly until: Date | null;
}

const hour = 3_600_000;

/** Morning of the next day, local time: whoever pauses in the evening finds the agent at work again. */
function tomorrow(now: Date): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, 6);
}

export function pauseChoices(now: Date): PauseChoice[] {
  return [
    { label: 'For 1 hour', until: new Date(now.getTime() + hour) },
    { label: 'For 4 hours', until: new Date(now.getTime() + 4 * hour) },
    { label: 'Until tomorrow', until: tomorrow(now) },
    { label: 'Until I resume', until: null },
  ];
}
