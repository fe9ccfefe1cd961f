/** The last net: what nobody caught is written down in full and shown as a sentence. */
import { app, dialog } from 'electron';
import { asHoldfastError } from '../shared/errors.js';

export interface CrashOptions {
  /** Gets the whole story, stack included; it goes to the log file, never to a screen. */
  readonly log: (message: string) => void;
}

/** A start that failed: say why and leave. */
export function failToStart(thrown: unknown): void {
  const { message } = asHoldfastError(thrown);
  console.error(`Holdfast could not start. ${message}`);
  dialog.showErrorBox('Holdfast could not start', message);
  app.exit(1);
}

/** An error nobody expected does not end the agent: it is logged and the app goes on, for a backup that stops silently is worse. */
export function catchTheRest({ log }: CrashOptions): void {
  let shown = false;
  const tell = (kind: string, thrown: unknown): void => {
    const error = asHoldfastError(thrown);
    log(`${kind}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
    if (shown) return;
    shown = true; // one box is enough; the log has the rest
    void dialog.showMessageBox({ type: 'error', title: 'Holdfast', message: 'Something went wrong inside Holdfast', detail: `${error.message}\nBackups go on. If this happens again, restart Holdfast; the Logs page tells more.` });
  };
  process.on('uncaughtException', (error) => tell('Uncaught exception', error));
  process.on('unhandledRejection', (reason) => tell('Unhandled rejection', reason));
}
