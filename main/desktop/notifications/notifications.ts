/** Notices as the desktop shows them. */
import { Notification } from 'electron';
import type { AgentControl, AgentState } from '../../shared/control.js';
import { escapeMarkup, noticesBetween, type Notice } from './notices.js';

// Chromium forgets a notification that is collected, and its click with it.
const shown = new Set<Notification>();

export function showNotice({ title, body }: Notice, { log, open }: { readonly log: (message: string) => void; readonly open: () => void }): void {
  const notification = new Notification({ title, body: process.platform === 'linux' ? escapeMarkup(body) : body });
  const forget = (): void => void shown.delete(notification);
  shown.add(notification);
  notification.on('click', () => {
    forget();
    open();
  });
  notification.on('close', forget);
  notification.on('failed', (_event, error) => {
    forget();
    log(`A notification could not be shown: ${error}`);
  });
  notification.show();
}

export interface NotificationOptions {
  readonly control: AgentControl;
  /** Whether its owner wants to be told. */
  readonly wanted: () => boolean;
  /** A click on a notification. */
  readonly open: () => void;
  readonly log: (message: string) => void;
}

/** @returns a function that ends it. */
export function notifyOfRuns({ control, log, open, wanted }: NotificationOptions): () => void {
  let before: AgentState | null = null;
  return control.on('state', (after) => {
    for (const { title, body } of before === null || !wanted() ? [] : noticesBetween(before, after)) {
      showNotice({ title, body }, { log, open });
    }
    before = after;
  });
}
