/** The bridge between a sandboxed page and the app: it carries messages and nothing else. Both ends parse what they get. */
import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
import { callChannel, eventChannel } from '../main/shared/channels.js';
import type { IpcBridge } from '../main/shared/ipc.js';

const bridge: IpcBridge = {
  call: (request) => ipcRenderer.invoke(callChannel, request),
  listen: (listener) => {
    const forward = (_event: IpcRendererEvent, message: unknown): void => listener(message);
    ipcRenderer.on(eventChannel, forward);
    return () => {
      ipcRenderer.removeListener(eventChannel, forward);
    };
  },
};

contextBridge.exposeInMainWorld('holdfast', bridge);
