/** Electron hears of sleep and wake on every system, so the agent listens to it besides its own sources. */
import { powerMonitor } from 'electron';
import type { PowerAndNetwork } from '../agent/ports.js';

/** Wake events arrive from both sources, so at times twice; that is allowed. */
export function withElectronPower(own: PowerAndNetwork): PowerAndNetwork {
  return {
    onWake: (callback) => {
      const end = own.onWake(callback);
      powerMonitor.on('resume', callback);
      return () => {
        end();
        powerMonitor.removeListener('resume', callback);
      };
    },
    onNetworkChange: (callback) => own.onNetworkChange(callback),
    isOnBattery: () => own.isOnBattery(),
    isMetered: () => own.isMetered(),
  };
}
