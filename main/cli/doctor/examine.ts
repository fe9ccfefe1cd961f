/** What `holdfast doctor` looks at. Looks only: nothing is made, changed or repaired. */
import { existsSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { connectionLine, statusLine } from '../../shared/phrases.js';
import { withAgent } from '../agent/control.js';
import { localHub } from '../agent/local-hub.js';
import type { Cli } from '../cli.js';
import { cliPaths, openPlaces } from '../places.js';
import { serviceStatus } from '../service.js';

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly text: string;
  readonly error?: HoldfastError;
}

export async function* examine(cli: Cli): AsyncGenerator<Finding> {
  yield { what: 'Program', ok: true, text: `Node ${process.versions.node} on ${process.platform} ${process.arch}` };
  for (const [what, look] of Object.entries(looks)) {
    try {
      yield { what, ok: true, text: await look(cli) };
    } catch (thrown) {
      const error = asHoldfastError(thrown);
      yield { what, ok: false, text: error.message, error };
    }
  }
}

const looks: Readonly<Record<string, (cli: Cli) => Promise<string>>> = {
  'Data folder': async (cli) => {
    const { dataFolder } = cliPaths(cli);
    // The nearest folder that exists: the rest would be made.
    let existing = dataFolder;
    while (!existsSync(existing)) existing = path.dirname(existing);
    await access(existing, constants.W_OK).catch((cause: unknown) => {
      throw new HoldfastError('permission-denied', `${existing} cannot be written. Name a folder of your own in HOLDFAST_DATA.`, { cause });
    });
    if (existing !== dataFolder) return `${dataFolder} (made at the first start)`;
    if (((await stat(dataFolder)).mode & 0o022) !== 0) throw new HoldfastError('permission-denied', `Others may write into ${dataFolder}. Run chmod go-w on it.`);
    return dataFolder;
  },
  Settings: async (cli) => {
    const { settingsFile } = cliPaths(cli);
    if (!existsSync(settingsFile)) return 'none yet';
    const [{ openSettings }, { confStore }] = await Promise.all([import('../../platform/settings/settings.js'), import('../../platform/settings/conf.js')]);
    const { hub } = openSettings(settingsFile, confStore).read();
    return `${settingsFile}, ${hub === null ? 'no hub joined' : `joined to ${hub.url}`}`;
  },
  Jobs: async (cli) => `${(await openPlaces(cli)).jobs.length} on this computer`,
  Secrets: async (cli) => {
    const { secretServiceState } = await import('../../platform/secrets/secret-service.js');
    const state = process.platform === 'darwin' ? 'open' : await secretServiceState(cli.env);
    const chosen = await (await openPlaces(cli)).secrets();
    if (chosen === null) return state === 'absent' ? 'no keychain here; a file that only you can read will be used' : `the keychain will be used (${state})`;
    await chosen.get('agent-token'); // whatever it says: that it answers counts
    return chosen.description;
  },
  'System library': async () => {
    await import('koffi').catch((cause: unknown) => {
      throw new HoldfastError('internal', 'The C library cannot be called here, so extended attributes and owners are not saved.', { cause });
    });
    return 'found';
  },
  Hub: async (cli) => {
    const hub = await localHub(cliPaths(cli));
    return hub === null ? 'none runs with this data folder' : `runs at ${hub.url}`;
  },
  Service: async (cli) => {
    const { reason, state } = await serviceStatus(cli);
    if (state === 'failed' || state === 'restarting') throw new HoldfastError('internal', reason);
    return reason;
  },
  Agent: async (cli) => {
    try {
      const state = await withAgent(cli, (control) => control.call('state', {}));
      if (state.connection.state === 'stopped' && state.connection.lastError !== null) throw HoldfastError.fromShape(state.connection.lastError);
      return `runs (process ${state.agent.pid}); ${connectionLine(state.connection)}; ${statusLine(state)}`;
    } catch (thrown) {
      if (asHoldfastError(thrown).code === 'not-found') return 'does not run';
      throw thrown;
    }
  },
};
