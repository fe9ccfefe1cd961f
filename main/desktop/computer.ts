/** This computer's agent and, unless another hub was joined, its hub: started, joined to each other, and ended in order. */
import { hostname } from 'node:os';
import ElectronStore from 'electron-store';
import type { AgentControl } from '../shared/control.js';
import { asHoldfastError } from '../shared/errors.js';
import type { LogLevel } from '../shared/model.js';
import { startAgent } from '../platform/agent-host/agent-host.js';
import { makeFolders } from '../platform/paths/folders.js';
import type { Paths } from '../platform/paths/paths.js';
import { openSettings, type Settings } from '../platform/settings/settings.js';
import { OwnHub } from './own-hub.js';
import { withElectronPower } from './power.js';

export interface Computer {
  readonly control: AgentControl;
  /** Another process runs the agent; this app shows it. */
  readonly attached: boolean;
  readonly settings: Settings;
  log(level: LogLevel, message: string): void;
  /** Enrols this computer at its own hub where that is due. */
  begin(): Promise<void>;
  useOwnHub(): Promise<void>;
  close(): Promise<void>;
}
