/** Removing Holdfast from this computer, asked for in the window: says what goes, asks once more outside of any page, and leaves. */
import { spawn } from 'node:child_process';
import { app, dialog, type BrowserWindow } from 'electron';
import type { AgentControl } from '../../shared/control.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { countText } from '../../shared/text.js';
import type { Paths } from '../../platform/paths/paths.js';
import { openSecrets } from '../../platform/secrets/index.js';
import type { UserService } from '../../platform/service/index.js';
import type { Settings } from '../../platform/settings/settings.js';
import { carryOut, refuseToForget } from '../../platform/uninstall/carry-out.js';
import { planRemoval, type Removal } from '../../platform/uninstall/plan.js';
import type { WindowHandlers } from '../ipc/answer.js';

export interface RemovalOptions {
  readonly paths: Paths;
  readonly settings: Settings;
  /** The agent, if this process runs it. */
  readonly runsHere: AgentControl | null;
  readonly service: () => UserService;
  readonly window: () => BrowserWindow | null;
  /** Ends agent and hub. */
  readonly close: () => Promise<void>;
}

export type RemovalHandlers = Pick<WindowHandlers, 'removal' | 'removeHoldfast'>;

export function removalHandlers({ close, paths, runsHere, service, settings, window }: RemovalOptions): RemovalHandlers {
  const leave = async (plan: Removal): Promise<void> => {
    const said: string[] = [];
    const note = (line: string): void => void said.push(line);
    window()?.destroy(); // without keeping where it stood
    try {
      await close();
      await carryOut(plan, { paths, settings: settings.read(), service, say: note, warn: note, secrets: () => openSecrets({ env: process.env, paths, settings, say: note }) });
    } catch (thrown) {
      dialog.showErrorBox('Holdfast could not be removed', asHoldfastError(thrown).message);
      app.relaunch();
      return app.exit(1);
    }
    const program = 'The program itself goes the way it came: by your package manager, or by deleting it.';
    await dialog.showMessageBox({
      type: 'info', title: 'Holdfast', buttons: ['Close'],
      message: plan.purge ? 'Holdfast is gone from this computer' : 'Holdfast does not start any more',
      detail: [...said, ...(plan.purge ? [] : ['Settings and passwords are kept.']), program].join('\n\n'),
    });
    if (plan.purge) sweepAfterExit(app.getPath('userData'), paths.dataFolder);
    app.exit(0);
  };
  return {
    removal: async () => {
      const { hub, jobs, repositories, unsaved } = await planRemoval(paths, settings.read(), { purge: true, keepOnHub: false });
      return {
        hub, repositories: [...repositories], possible: runsHere !== null,
        jobs: jobs.map((job) => ({ id: job.id, name: job.name, destination: job.destination.name, kitSaved: !unsaved.includes(job) })),
      };
    },
    removeHoldfast: async ({ forgetPasswords, keepOnHub, purge }) => {
      if (runsHere === null) throw new HoldfastError('already-running', 'Another process runs the agent of this computer. Type this into a terminal: holdfast uninstall --purge');
      const plan = await planRemoval(paths, settings.read(), { purge, keepOnHub });
      refuseToForget(plan, forgetPasswords, 'Save the recovery kit first, or say that those backups may be lost.');
      const { response } = await dialog.showMessageBox({
        type: 'warning', title: 'Holdfast', noLink: true, defaultId: 1, cancelId: 1, buttons: ['Remove Holdfast', 'Keep it'],
        message: 'Remove Holdfast from this computer?',
        detail: `${plan.jobs.length === 0 ? '' : `Its ${countText(plan.jobs.length, 'job')} will not run any more${plan.hub === null ? '' : ', and the hub removes them'}. `}${purge ? 'Settings, history and the passwords kept here are deleted.' : 'Settings and passwords stay.'} Repositories are never touched.`,
      });
      if (response !== 0) return { removed: false };
      setImmediate(() => void leave(plan)); // the page has its answer before the window goes
      return { removed: true };
    },
  };
}

/** Chromium writes into its folder until its last process has gone, so somebody else removes it after that, and then the folder around it if it is empty. */
function sweepAfterExit(folder: string, parent: string): void {
  const script = 'while kill -0 "$1" 2>/dev/null; do sleep 0.2; done; sleep 1; rm -rf -- "$2"; rmdir -- "$3"';
  const sweep = ['/bin/sh', '-c', script, 'sh', String(process.pid), folder, parent];
  // systemd ends what a service leaves behind.
  const [command = '', ...args] = process.platform === 'linux' && process.env['HOLDFAST_SERVICE'] === '1' ? ['systemd-run', '--user', '--quiet', '--collect', ...sweep] : sweep;
  spawn(command, args, { detached: true, stdio: 'ignore' }).on('error', () => undefined).unref();
}
