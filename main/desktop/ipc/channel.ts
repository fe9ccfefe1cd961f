/** The channel between page and app. A message counts only when it comes from the main frame of a page of ours. */
import { ipcMain, type IpcMainInvokeEvent } from 'electron';
import { callChannel } from '../../shared/channels.js';
import { HoldfastError } from '../../shared/errors.js';
import type { IpcReply } from '../../shared/ipc.js';

/** @param isOurs whether a sender is the window and shows a page of the app. @returns a function that closes the channel. */
export function openChannel(isOurs: (sender: { id: number; origin: string; isMainFrame: boolean }) => boolean, reply: (message: unknown) => Promise<IpcReply>): () => void {
  ipcMain.handle(callChannel, async (event: IpcMainInvokeEvent, message: unknown): Promise<IpcReply> => {
    const frame = event.senderFrame;
    const sender = frame === null ? null : { id: event.sender.id, origin: originOf(frame.url), isMainFrame: frame === event.sender.mainFrame };
    if (sender === null || !isOurs(sender)) {
      return { ok: false, error: new HoldfastError('permission-denied', 'Only the window of Holdfast may ask this.').toShape() };
    }
    return reply(message);
  });
  return () => ipcMain.removeHandler(callChannel);
}

/** `URL.origin` is "null" for schemes of one's own. */
function originOf(address: string): string {
  try {
    const { protocol, host } = new URL(address);
    return `${protocol}//${host}`;
  } catch {
    return '';
  }
}
