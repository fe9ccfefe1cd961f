/**
 * Lets programs of the same user attach to the running agent. The socket is 0600 in a folder that only this user can enter.
 * Besides the methods of the control contract a client may ask `subscribe {event}`; then events come until it leaves.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { controlEvents, controlMethods, type AgentControl, type ControlEvents, type ControlMethod } from '../../shared/control.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { localRequestSchema, type LocalReply } from '../../shared/wire.js';
import { fileError } from '../files/errors.js';
import { parseLine, readLines, writeLine } from './lines.js';
import { agentSocketPath, checkSocketFolder } from './socket-path.js';

export interface ControlServer {
  readonly path: string;
  /** Disconnects everybody and removes the socket. */
  close(): Promise<void>;
}

const isMethod = (name: string): name is ControlMethod => Object.hasOwn(controlMethods, name);
const subscription = z.object({ event: z.enum(Object.keys(controlEvents) as (keyof ControlEvents)[]) });

/** A client that reads nothing is let go once this many bytes wait for it: log lines must not fill the agent's memory. */
const mostWaiting = 32 * 1024 * 1024;

/** Call it only while holding the folder's lock: a socket that is there then was left by an agent that died. */
export async function serveAgentControl(dataFolder: string, control: AgentControl): Promise<ControlServer> {
  const path = agentSocketPath(dataFolder);
  await checkSocketFolder(path);
  await rm(path, { force: true });
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    attend(socket, control, () => clients.delete(socket));
  });
  await listenPrivately(server, path);
  return {
    path,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of clients) socket.destroy();
      await closed;
    },
  };
}

async function listenPrivately(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177); // the socket is bound within listen(), before anybody can reach it
  try {
    const listening = new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    process.umask(before);
    await listening;
    await chmod(path, 0o600);
  } catch (cause) {
    throw fileError(`open the socket ${path}`, cause);
  } finally {
    process.umask(before);
  }
}

function attend(socket: Socket, control: AgentControl, left: () => void): void {
  const subscribed = new Map<string, () => void>();
  const send = (reply: LocalReply): void => {
    writeLine(socket, reply);
    if (socket.writableLength > mostWaiting) socket.destroy();
  };
  const answer = async (method: string, params: unknown): Promise<unknown> => {
    if (method === 'subscribe') {
      const parsed = subscription.safeParse(params);
      if (!parsed.success) throw new HoldfastError('usage', 'There is no such event.');
      const { event } = parsed.data;
      if (!subscribed.has(event)) subscribed.set(event, control.on(event, (payload) => send({ kind: 'event', event, payload })));
      return {};
    }
    if (!isMethod(method)) throw new HoldfastError('upgrade-needed', `The running agent does not know "${method}". Restart it, so that it is of the same version.`);
    // `call` checks the parameters against the contract itself.
    return control.call(method, params as Parameters<typeof control.call<typeof method>>[1]);
  };
  readLines(socket, (line) => {
    const request = localRequestSchema.safeParse(parseLine(line));
    if (!request.success) {
      socket.destroy();
      return;
    }
    const { id, method, params } = request.data;
    answer(method, params).then(
      (result) => send({ kind: 'result', id, result }),
      (error: unknown) => send({ kind: 'error', id, error: asHoldfastError(error).toShape() }),
    );
  }, () => socket.destroy());
  socket.on('error', () => undefined); // 'close' follows
  socket.on('close', () => {
    for (const end of subscribed.values()) end();
    left();
  });
}
