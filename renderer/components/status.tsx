/** Status as screens show it: a tone, a glyph, and always the word. */
import type { ReactElement, ReactNode } from 'react';
import type { ErrorShape } from '../../main/shared/errors.js';
import type { RunState } from '../../main/shared/model.js';
import type { Status } from '../../main/shared/status.js';
import { Icon, type IconName } from './Icon.js';

export type Tone = 'good' | 'due' | 'risk' | 'bad' | 'calm';

const looks: Record<Status, { tone: Tone; icon: IconName }> = {
  Protected: { tone: 'good', icon: 'shieldCheck' },
  Paused: { tone: 'calm', icon: 'pause' },
  Due: { tone: 'due', icon: 'clock' },
  'At risk': { tone: 'risk', icon: 'warning' },
  Failing: { tone: 'bad', icon: 'cross' },
  'Not set up': { tone: 'calm', icon: 'start' },
};

export const runLooks: Record<RunState, { tone: Tone; icon: IconName }> = {
  queued: { tone: 'calm', icon: 'clock' },
  running: { tone: 'calm', icon: 'play' },
  succeeded: { tone: 'good', icon: 'check' },
  warnings: { tone: 'due', icon: 'warning' },
  failed: { tone: 'bad', icon: 'cross' },
  cancelled: { tone: 'calm', icon: 'pause' },
  interrupted: { tone: 'risk', icon: 'warning' },
};

export function StatusBanner({ status, reason, children }: { status: Status; reason: string; children?: ReactNode }): ReactElement {
  const { tone, icon } = looks[status];
  return (
    <header className={`banner tone--${tone}`}>
      <Icon name={icon} className="banner__glyph" />
      <div className="banner__words" role="status">
        <p className="banner__status">{status}</p>
        <p className="banner__reason">{reason}</p>
      </div>
      {children}
    </header>
  );
}

export function StatusBadge({ status }: { status: Status }): ReactElement {
  const { tone, icon } = looks[status];
  return <span className={`badge tone--${tone}`}><Icon name={icon} />{status}</span>;
}

/** A sentence that must not be missed. Errors are read out at once. */
export function Notice({ tone, children, action }: { tone: Tone; children: ReactNode; action?: ReactNode }): ReactElement {
  const icon: IconName = tone === 'good' ? 'check' : tone === 'calm' ? 'info' : tone === 'bad' ? 'cross' : 'warning';
  return (
    <div className={`notice tone--${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon name={icon} />
      <div className="notice__words">{children}</div>
      {action}
    </div>
  );
}

export function ErrorNotice({ error }: { error: Pick<ErrorShape, 'message'> | null }): ReactElement | null {
  return error === null ? null : <Notice tone="bad">{error.message}</Notice>;
}

/** `level` is that of its heading: one below that of what it is in. */
export function Empty({ icon, title, level = 3, children }: { icon: IconName; title: string; level?: 2 | 3; children: ReactNode }): ReactElement {
  const Title = `h${level}` as const;
  return (
    <div className="empty">
      <Icon name={icon} />
      <Title>{title}</Title>
      {children}
    </div>
  );
}

export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }): ReactElement {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => [<dt key={`${name} name`}>{name}</dt>, <dd key={`${name} value`}>{value}</dd>])}
    </dl>
  );
}
