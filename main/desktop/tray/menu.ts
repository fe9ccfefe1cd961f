/** What the tray shows for a state of the agent. Pure: the thin Electron edge is in tray.ts. */
import { wishText } from '../../shared/consent.js';
import type { AgentState } from '../../shared/control.js';
import { pauseChoices } from '../../shared/pause.js';
import { activeRun, connectionLine, isOwnHub, runShare, statusLine } from '../../shared/phrases.js';
import type { Status } from '../../shared/status.js';
import { countText } from '../../shared/text.js';

export type TrayAction =
  | { readonly type: 'run'; readonly jobIds: readonly string[] }
  | { readonly type: 'cancel'; readonly runId: string }
  | { readonly type: 'pause'; readonly choice: number }
  | { readonly type: 'resume' }
  /** The window; `settings`: where Holdfast can be removed. */
  | { readonly type: 'open'; readonly place?: 'settings' }
  | { readonly type: 'update' }
  | { readonly type: 'at-login'; readonly wanted: boolean }
  /** Of this computer's own hub, in the browser. */
  | { readonly type: 'dashboard' }
  | { readonly type: 'quit' };

export type TrayItem =
  | { readonly kind: 'separator' }
  /** `action` null: a line to read. */
  | { readonly kind: 'item'; readonly label: string; readonly action: TrayAction | null; /** Something that is on or off. */ readonly checked?: boolean }
  | { readonly kind: 'submenu'; readonly label: string; readonly items: readonly TrayItem[] };

export type TrayIcon = 'running' | 'protected' | 'paused' | 'due' | 'at-risk' | 'failing' | 'not-set-up' | 'offline';

export interface TrayModel {
  readonly icon: TrayIcon;
  readonly tooltip: string;
  readonly menu: readonly TrayItem[];
}

const iconOf: Record<Status, TrayIcon> = {
  Protected: 'protected', Paused: 'paused', Due: 'due', 'At risk': 'at-risk', Failing: 'failing', 'Not set up': 'not-set-up',
};

const separator: TrayItem = { kind: 'separator' };
const line = (label: string): TrayItem => ({ kind: 'item', label: shortened(label), action: null });
const item = (label: string, action: TrayAction | null): TrayItem => ({ kind: 'item', label, action });

/** Menus are narrow; the window has the whole sentence. */
function shortened(text: string): string {
  return text.length <= 90 ? text : `${text.slice(0, 88).trimEnd()}…`;
}

/**
 * @param state null while the agent starts.
 * @param update a version that is loaded and waits to be installed
 * @param atLogin whether the app starts by itself; null where that cannot be had or is not known yet
 * @param hasHub whether the hub of this computer is this app's
 */
export function trayModel(state: AgentState | null, update: string | null = null, atLogin: boolean | null = null, hasHub = false): TrayModel {
  const ending = [item('Open Holdfast', { type: 'open' }), item('Remove Holdfast…', { type: 'open', place: 'settings' }), item('Quit', { type: 'quit' })];
  if (state === null) return { icon: 'not-set-up', tooltip: 'Holdfast is starting', menu: [line('Holdfast is starting'), separator, ...ending] };
  const run = activeRun(state);
  return {
    icon: icon(state),
    tooltip: `Holdfast: ${tooltip(state)}`,
    menu: [
      line(statusLine(state)),
      line(connectionLine(state.connection)),
      ...asking(state),
      separator,
      ...backUp(state),
      ...(run === null ? [] : [item('Cancel backup', { type: 'cancel', runId: run.id })]),
      pauseOrResume(state),
      separator,
      ...(update === null ? [] : [run === null ? item(`Install version ${update} now`, { type: 'update' }) : line(`Version ${update} is installed after this backup`)]),
      ...(atLogin === null ? [] : [{ kind: 'item' as const, label: 'Start at login', checked: atLogin, action: { type: 'at-login' as const, wanted: !atLogin } }]),
      ...(hasHub && isOwnHub(state.connection) ? [item('Open dashboard', { type: 'dashboard' })] : []),
      ...ending,
    ],
  };
}

/** The owner is asked in the window, where there is room to judge. */
function asking({ consent: { moreWaiting, waiting } }: AgentState): TrayItem[] {
  const [first] = waiting;
  if (first === undefined) return [];
  const words = waiting.length + moreWaiting === 1 ? wishText(first) : countText(waiting.length + moreWaiting, 'thing');
  return [item(shortened(`The hub wants to ${waiting.length + moreWaiting === 1 ? words : `do ${words}`}: allow or refuse…`), { type: 'open' })];
}

function icon(state: AgentState): TrayIcon {
  if (activeRun(state) !== null) return 'running';
  // Backups go on without the hub, so anything that needs a person goes before the missing connection.
  const cutOff = state.connection.state === 'waiting' || state.connection.state === 'stopped';
  return state.status === 'Protected' && cutOff ? 'offline' : iconOf[state.status];
}

function tooltip(state: AgentState): string {
  const run = activeRun(state);
  if (run === null) return statusLine(state);
  const share = runShare(run);
  return `${statusLine(state)}. Backing up "${run.jobName}"${share === null ? '' : `, ${Math.floor(share * 100)}%`}`;
}

function backUp({ jobs }: AgentState): TrayItem[] {
  const label = 'Back up now';
  if (jobs.length === 0) return [item(label, null)];
  if (jobs.length === 1) return [item(label, { type: 'run', jobIds: jobs.map(({ job }) => job.id) })];
  return [{
    kind: 'submenu', label,
    items: [
      item('All jobs', { type: 'run', jobIds: jobs.map(({ job }) => job.id) }),
      separator,
      ...jobs.map(({ job }) => item(job.name, { type: 'run', jobIds: [job.id] })),
    ],
  }];
}

function pauseOrResume({ paused }: AgentState): TrayItem {
  if (paused !== null) return item('Resume agent', { type: 'resume' });
  // Which moment a choice means is computed when it is clicked; a menu may stand for days.
  const choices = pauseChoices(new Date(0));
  return { kind: 'submenu', label: 'Pause agent', items: choices.map(({ label }, choice) => item(label, { type: 'pause', choice })) };
}
