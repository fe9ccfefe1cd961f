/** The one place where what a page asks is parsed and answered. Pure of Electron; the channel is in channel.ts. */
import type { AgentControl, ControlMethod, ControlParams } from '../../shared/control.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { ipcMethods, ipcRequestSchema, windowMethods, type IpcReply, type WindowMethod } from '../../shared/ipc.js';
import type { z } from 'zod';

export type WindowHandlers = {
  [M in WindowMethod]: (params: z.infer<(typeof windowMethods)[M]['params']>) => Promise<z.infer<(typeof windowMethods)[M]['result']>>;
};

const isWindowMethod = (method: string): method is WindowMethod => Object.hasOwn(windowMethods, method);

export async function answer(message: unknown, control: Pick<AgentControl, 'call'>, handlers: WindowHandlers): Promise<IpcReply> {
  try {
    const request = ipcRequestSchema.safeParse(message);
    if (!request.success) throw new HoldfastError('usage', 'The window asked for something this version of Holdfast does not know. Close it and open it again.');
    const { method } = request.data;
    const params = ipcMethods[method].params.safeParse(request.data.params);
    if (!params.success) throw new HoldfastError('usage', `That is not complete: ${params.error.issues.map((issue) => issue.message).join('; ')}.`);
    return { ok: true, result: await dispatch(method, params.data, control, handlers) };
  } catch (thrown) {
    return { ok: false, error: asHoldfastError(thrown).toShape() };
  }
}

/** `params` were parsed with this method's own schema just above; TypeScript cannot follow that through the table. */
function dispatch(method: WindowMethod | ControlMethod, params: object, control: Pick<AgentControl, 'call'>, handlers: WindowHandlers): Promise<unknown> {
  if (!isWindowMethod(method)) return control.call(method, params as ControlParams<typeof method>);
  const handler: (params: never) => Promise<unknown> = handlers[method];
  return handler(params as never);
}
