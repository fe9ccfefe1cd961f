/** This computer's agent and, unless another hub was joined, its hub: started, joined to each other, and ended in order. */
import { hostname } from 'node:os';
import ElectronStore from 'electron-store';
import { startAgent, type StartedAgent } from '../platform/agent-host/agent-host.js';
import { makeFolders } from '../platform/paths/folders.js';
import type { Paths } from '../platform/paths/paths.js';
import { openSettings, type Settings } from '../platform/settings/settings.js';
import type { AgentControl } from '../shared/control.js';
import { asHoldfastError, HoldfastError } from '../shared/errors.js';
import type { LogLevel } from '../shared/model.js';
import type { Notice } from './notifications/notices.js';
import { OwnHub } from './own-hub.js';
import { withElectronPower } from './power.js';

export interface Computer {
  readonly control: AgentControl;
  /** Another process runs the agent; this app shows it. */
  readonly attached: boolean;
  readonly settings: Settings;
  log(level: LogLevel, message: string): void;
  /** Called when the other process that ran the agent has ended; never when the agent runs here. */
  onLost(listener: () => void): void;
  /** Joins this computer's own hub. @throws HoldfastError when another process runs the agent. */
  useOwnHub(): Promise<void>;
  /** The hub inside this app; null when another process runs the agent. */
  readonly hub: Pick<OwnHub, 'look' | 'reach' | 'dashboard'> | null;
  close(): Promise<void>;
}

export interface ComputerOptions {
  readonly paths: Paths;
  readonly version: string;
  /** Shows what this computer's own hub has to tell. */
  readonly notify: (notice: Notice) => void;
}

type Log = (level: LogLevel, message: string) => void;

/** @throws HoldfastError with what keeps the agent from starting. A hub that does not start is logged: backups go on without it. */
export async function openComputer({ notify, paths, version }: ComputerOptions): Promise<Computer> {
  await makeFolders(paths);
  const settings = openSettings(paths.settingsFile, async (options) => new ElectronStore<Record<string, unknown>>(options));
  let log: Log = (_level, message) => console.error(message);
  const hub = new OwnHub({ settings, dataFolder: paths.hubFolder, version, name: hostname(), notify, log: (level, message) => log(level, message) });
  const agent = await startAgent({
    paths, settings, version,
    env: process.env,
    power: withElectronPower,
    beforeConnect: async ({ logging }) => {
      const logger = logging.scoped('hub');
      log = (level, message) => logger.log(level, message);
      if (hub.isWanted()) await hub.start().catch((thrown: unknown) => log('error', asHoldfastError(thrown).message));
    },
  }).catch(async (thrown: unknown) => {
    await hub.close();
    throw thrown;
  });
  if (agent.attached) return attachedComputer(agent, settings);

  const logger = agent.logging.scoped('desktop');
  const control = minding(agent.control, hub);
  await hub.enrol(control).catch((thrown: unknown) => logger.log('error', asHoldfastError(thrown).message));
  return {
    control, settings,
    attached: false,
    log: (level, message) => logger.log(level, message),
    onLost: () => undefined,
    useOwnHub: () => hub.adopt(agent.control),
    hub,
    // The hub hears how the agent's last run ended before it closes.
    close: () => agent.close().finally(() => hub.close()),
  };
}

function attachedComputer(agent: StartedAgent & { readonly attached: true }, settings: Settings): Computer {
  return {
    control: agent.control, settings,
    attached: true,
    log: (_level, message) => console.error(message),
    onLost: (listener) => agent.control.onLost(listener),
    hub: null,
    useOwnHub: () => Promise.reject(new HoldfastError('already-running', 'Another process runs the agent of this computer. End it and start Holdfast again.')),
    close: () => agent.close(),
  };
}

/** Whoever leaves this hub or joins another one does not want it at the next start. */
function minding(control: AgentControl, hub: OwnHub): AgentControl {
  return {
    call: async (method, params) => {
      const result = await control.call(method, params);
      if (method === 'leave' || (method === 'join' && !hub.isWanted())) await hub.enable(false);
      return result;
    },
    on: (event, listener) => control.on(event, listener),
  };
}
