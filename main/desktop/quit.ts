/** Leaving: asks when a backup would be cut off, then ends agent and hub cleanly before the process goes. */
import { app, dialog, powerMonitor } from 'electron';
import type { AgentControl } from '../shared/control.js';
import { activeRun } from '../shared/phrases.js';

export interface QuitOptions {
  /** Null while the agent starts, and when another process runs it: then nothing is cut off. */
  readonly control: () => AgentControl | null;
  readonly close: () => Promise<void>;
  readonly log: (message: string) => void;
}

/** A run that is cancelled ends within seconds; after this many ms we go anyway, and the repository is still whole. */
const patience = 20_000;

export function quitCleanly({ close, control, log }: QuitOptions): void {
  let asking = false;
  let leaving = false;
  let forced = false;

  const leave = async (): Promise<void> => {
    if (leaving || (asking && !forced)) return;
    if (!forced) {
      asking = true;
      const go = await mayQuit(control()).finally(() => { asking = false; });
      if (!go && !forced) return;
    }
    leaving = true;
    const late = new Promise<void>((resolve) => setTimeout(() => {
      log('Agent and hub did not end in time');
      resolve();
    }, patience).unref());
    await Promise.race([close().catch((error: unknown) => log(`Not everything could be closed: ${String(error)}`)), late]);
    app.exit(0);
  };

  app.on('before-quit', (event) => {
    event.preventDefault();
    void leave();
  });
  const force = (): void => {
    forced = true;
    void leave();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    // A package that listened before Chromium started had its handler replaced by Chromium's, which cannot tell a signal from "Quit".
    // Node only installs one anew when the last listener has gone.
    process.removeAllListeners(signal);
    process.on(signal, force);
  }
  powerMonitor.on('shutdown', force);
}

async function mayQuit(control: AgentControl | null): Promise<boolean> {
  const state = await control?.call('state', {}).catch(() => null);
  const run = state === null || state === undefined ? null : activeRun(state);
  if (run === null) return true;
  const { response } = await dialog.showMessageBox({
    type: 'question',
    title: 'Holdfast',
    message: `"${run.jobName}" is being backed up`,
    detail: 'If you quit now the backup is cancelled. What was stored already is used by the next one.',
    buttons: ['Quit and cancel the backup', 'Keep running'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}
