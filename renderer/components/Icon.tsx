/** Line icons on a 24 px grid, drawn for Holdfast. They are decoration: the words beside them say the same. */
import type { ReactElement } from 'react';

const paths = {
  shield: 'M12 3l7 2.5v5.5c0 4.6-2.9 8-7 10-4.1-2-7-5.4-7-10V5.5z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  shieldCheck: 'M12 3l7 2.5v5.5c0 4.6-2.9 8-7 10-4.1-2-7-5.4-7-10V5.5z M8.5 12l2.5 2.5 4.5-5',
  clock: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18 M12 7v5l3.5 2',
  warning: 'M12 4l9 16H3z M12 10v4.5 M12 17.2v.1',
  cross: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18 M9 9l6 6 M15 9l-6 6',
  pause: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18 M10 9v6 M14 9v6',
  play: 'M8 5.5v13l10.5-6.5z',
  start: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18 M12 8v8 M8 12h8',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1 M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1',
  jobs: 'M4 7.5l8-4 8 4-8 4z M4 12l8 4 8-4 M4 16.5l8 4 8-4',
  logs: 'M5 5h14 M5 9.7h14 M5 14.3h14 M5 19h8',
  settings: 'M4 7h9 M17 7h3 M4 17h3 M11 17h9 M15 5a2 2 0 1 0 0 4a2 2 0 1 0 0-4 M9 15a2 2 0 1 0 0 4a2 2 0 1 0 0-4',
  chevron: 'M9 6l6 6-6 6',
  down: 'M6 9l6 6 6-6',
  folder: 'M3.5 6.5a1.5 1.5 0 0 1 1.5-1.5h4l2 2.5h8a1.5 1.5 0 0 1 1.5 1.5v8.5a1.5 1.5 0 0 1-1.5 1.5H5a1.5 1.5 0 0 1-1.5-1.5z',
  file: 'M6 3.5h8l4.5 4.5v12.5H6z M14 3.5V8h4.5',
  restore: 'M4.5 12a7.5 7.5 0 1 1 2.2 5.3 M4.5 18v-5h5 M12 8v4.5l3 2',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13 M15.5 15.5L20 20',
  disk: 'M4 14l3-8.5h10L20 14v4.5H4z M4 14h16 M16.5 16.3v.1',
  key: 'M15 4.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9 M11.5 12L4 19.5 M7 16.5l2.5 2.5 M16 8v.1',
  copy: 'M9 9h10.5v10.5H9z M5 15H4.5V4.5H15V5',
  add: 'M12 5v14 M5 12h14',
  info: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18 M12 11v5 M12 7.8v.1',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, className = 'icon' }: { name: IconName; className?: string }): ReactElement {
  return (
    <svg className={className} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
