/** The app as the page sees it: typed calls and events over the preload's bridge, every answer parsed. */
import { HoldfastError } from '../../../main/shared/errors.js';
import {
  ipcEventSchema, ipcEventSchemas, ipcMethods, ipcReplySchema, type IpcBridge, type IpcEvent, type IpcEvents, type IpcMethod, type IpcParams, type IpcResult,
} from '../../../main/shared/ipc.js';

declare global {
  interface Window {
    readonly holdfast: IpcBridge;
  }
}

export interface Api {
  /** @throws HoldfastError with a sentence for the screen. */
  call<M extends IpcMethod>(method: M, params: IpcParams<M>): Promise<IpcResult<M>>;
  on<E extends IpcEvent>(event: E, listener: (payload: IpcEvents[E]) => void): () => void;
}

export function connectApp(bridge: IpcBridge): Api {
  return {
    call: async <M extends IpcMethod>(method: M, params: IpcParams<M>): Promise<IpcResult<M>> => {
      const reply = ipcReplySchema.parse(await bridge.call({ method, params }));
      if (!reply.ok) throw HoldfastError.fromShape(reply.error);
      return ipcMethods[method].result.parse(reply.result) as IpcResult<M>;
    },
    on: (event, listener) => bridge.listen((message) => {
      const told = ipcEventSchema.parse(message);
      if (told.event === event) listener(ipcEventSchemas[event].parse(told.payload) as IpcEvents[typeof event]);
    }),
  };
}
