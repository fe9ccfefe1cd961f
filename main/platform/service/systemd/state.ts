/** What systemd says about a unit, as our status. Pure. */
import { countText, durationText } from '../../../shared/text.js';
import type { ServiceStatus } from '../service.js';
import { crashLimit } from './render.js';

/** Asked of `systemctl show`. */
export const properties = [
  'LoadState', 'ActiveState', 'SubState', 'Result', 'MainPID', 'NRestarts', 'ExecMainCode', 'ExecMainStatus', 'UnitFileState', 'FragmentPath', 'ActiveEnterTimestampMonotonic',
] as const;
export type UnitProperties = Readonly<Record<(typeof properties)[number], string>>;

/** Reads `NAME=value` lines; what is not said is empty. */
export function parseShow(text: string): UnitProperties {
  const said = new Map(text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  return Object.fromEntries(properties.map((name) => [name, said.get(name) ?? ''])) as Record<(typeof properties)[number], string>;
}

export interface UnitFacts {
  readonly name: string;
  readonly file: string;
  readonly owner: 'nobody' | 'holdfast' | 'other';
  readonly current: boolean;
  readonly unit: UnitProperties;
  readonly lingers: boolean | null;
  /** The process that runs the agent, in this service or not. */
  readonly agentPid: number | null;
  /** ms since the epoch, and the monotonic clock at that moment in microseconds. */
  readonly now: number;
  readonly monotonic: number;
}

export function unitStatus(facts: UnitFacts): ServiceStatus {
  const { current, file, lingers, name, unit } = facts;
  const pid = Number(unit.MainPID) || null;
  const entered = Number(unit.ActiveEnterTimestampMonotonic);
  const since = pid === null || !(entered > 0) ? null : new Date(facts.now - (facts.monotonic - entered) / 1000).toISOString();
  const common = {
    manager: 'systemd', name, file, current, pid, since,
    enabled: unit.UnitFileState === 'enabled',
    restarts: unit.NRestarts === '' ? null : Number(unit.NRestarts),
    staysAfterLogout: lingers,
  } as const;
  const say = (state: ServiceStatus['state'], reason: string): ServiceStatus => ({ ...common, state, reason });

  const elsewhere = facts.owner === 'other' || (unit.LoadState !== 'not-found' && unit.FragmentPath !== '' && unit.FragmentPath !== file);
  if (elsewhere) return say('foreign', `There is a service ${name} that Holdfast did not write (${unit.FragmentPath || file}); it is left alone.`);
  if (facts.owner === 'nobody') return say('not-installed', 'Holdfast does not start by itself on this computer. To change that: holdfast service install');
  const moved = current ? '' : ' Its file is not up to date, perhaps because Holdfast moved. Correct it with: holdfast service install';
  if (unit.LoadState !== 'loaded') return say('stopped', `systemd has not read ${file} as it is now (${unit.LoadState || 'unknown'}). Correct that with: holdfast service install`);
  if (unit.ActiveState === 'active' || unit.SubState === 'start') {
    const age = since === null ? '' : ` for ${durationText(Math.max(facts.now - Date.parse(since), 0))}`;
    const crashes = Number(unit.NRestarts) > 0 ? `, started again ${countText(Number(unit.NRestarts), 'time')} after a crash or an update` : '';
    return say('running', `Running${age} (process ${pid ?? 'unknown'})${crashes}.${moved}`);
  }
  if (unit.ActiveState === 'activating') return say('restarting', `It crashed (${ending(unit)}) and starts again in a moment.${moved}`);
  if (unit.ActiveState === 'deactivating') return say('stopped', 'It is stopping.');
  if (unit.ActiveState === 'failed') {
    const why = unit.Result === 'start-limit-hit' || Number(unit.NRestarts) >= crashLimit - 1
      ? `It crashed ${crashLimit} times within a short time (${ending(unit)}) and is not started again.`
      : `It ended with an error (${ending(unit)}).`;
    return say('failed', `${why} See why with: holdfast service logs. Then start it with: holdfast service install`);
  }
  if (facts.agentPid !== null) {
    return say('stopped', `Installed, and not running because process ${facts.agentPid} runs the agent. The service takes over at the next login.${moved}`);
  }
  return say('stopped', `Installed, but not running. Start it with: holdfast service install.${moved}`);
}

/** ExecMainCode is waitid(2)'s si_code: 1 exited, 2 killed, 3 dumped. */
function ending({ ExecMainCode, ExecMainStatus }: UnitProperties): string {
  return ExecMainCode === '2' || ExecMainCode === '3' ? `ended by signal ${ExecMainStatus}` : `exit code ${ExecMainStatus}`;
}
