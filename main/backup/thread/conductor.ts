/** The engine's own thread: runs operations that another thread asks for. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { operations } from '../engine.js';
import { endMessage } from '../workers/end.js';
import { KeyMemory } from '../repository/key-memory.js';
import { toEngine, type FromEngine } from './messages.js';

const port = parentPort;
if (!port) throw new Error('this module is the start of a worker thread');

interface Running {
  readonly abort: AbortController;
  onInput: ((piece: Uint8Array | null) => void) | null;
  onInputFailed: ((error: Error) => void) | null;
  onTaken: ((error?: Error) => void) | null;
}

/** The program's: it outlasts this thread. */
const openedKeys = new KeyMemory(z.object({ keys: z.instanceof(SharedArrayBuffer) }).parse(workerData).keys);
const running = new Map<number, Running>();
const send = (message: FromEngine): void => { port.postMessage(message); };

/** A view may be part of a larger buffer that is used again, so a copy goes over. */
function handOver(piece: Uint8Array): Uint8Array {
  return new Uint8Array(piece);
}

async function* inputOf(call: number, state: Running, stream: number | null): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const piece = await new Promise<Uint8Array | null>((resolve, reject) => {
        state.onInput = resolve;
        state.onInputFailed = reject;
        send({ kind: 'want-input', call, stream });
      });
      if (piece === null) return;
      yield piece;
    }
  } finally {
    send({ kind: 'end-input', call, stream });
  }
}

function delivered(state: Running, message: FromEngine): Promise<void> {
  return new Promise((resolve, reject) => {
    state.onTaken = (error) => { if (error) reject(error); else resolve(); };
    send(message);
  });
}

const table: Readonly<Record<string, (request: never, control: never) => Promise<unknown>>> = operations;

async function start(call: number, operation: string, request: unknown, wants: { progress: boolean; trace: boolean; input: boolean; streams: boolean; output: boolean; entries: boolean }): Promise<void> {
  const state: Running = { abort: new AbortController(), onInput: null, onInputFailed: null, onTaken: null };
  running.set(call, state);
  const control = {
    signal: state.abort.signal,
    openedKeys,
    onItemError: (error: { path: string; message: string }): void => { send({ kind: 'item-error', call, error }); },
    onWarning: (text: string): void => { send({ kind: 'warning', call, text }); },
    ...(wants.progress ? { onProgress: (progress: Extract<FromEngine, { kind: 'progress' }>['progress']): void => { send({ kind: 'progress', call, progress }); } } : {}),
    ...(wants.trace ? { onTrace: (line: string): void => { send({ kind: 'trace', call, line }); } } : {}),
    ...(wants.input ? { input: inputOf(call, state, null) } : {}),
    ...(wants.streams ? { stream: (number: number): AsyncIterable<Uint8Array> => inputOf(call, state, number) } : {}),
    ...(wants.output ? { output: (piece: Uint8Array): Promise<void> => delivered(state, { kind: 'output', call, piece: handOver(piece) }) } : {}),
    ...(wants.entries ? { onEntries: (entries: unknown[]): Promise<void> => delivered(state, { kind: 'entries', call, entries }) } : {}),
  };
  try {
    const work = table[operation];
    if (!work) throw new HoldfastError('internal', `There is no operation "${operation}".`);
    // each operation parses its request, so that nothing unchecked gets further than this
    send({ kind: 'result', call, result: await work(request as never, control as never) });
  } catch (error) {
    send({ kind: 'error', call, error: asHoldfastError(error).toShape() });
  } finally {
    running.delete(call);
  }
}

port.on('message', (raw: unknown) => {
  if (raw === endMessage) process.exit();
  const message = toEngine.parse(raw);
  const state = running.get(message.call);
  switch (message.kind) {
    case 'start': void start(message.call, message.operation, message.request, message.wants); break;
    case 'abort':
      state?.abort.abort();
      state?.onInputFailed?.(new HoldfastError('cancelled', 'Cancelled.'));
      state?.onTaken?.(new HoldfastError('cancelled', 'Cancelled.'));
      break;
    case 'input': state?.onInput?.(message.piece); break;
    case 'input-failed': state?.onInputFailed?.(HoldfastError.fromShape(message.error)); break;
    case 'taken': state?.onTaken?.(message.error && HoldfastError.fromShape(message.error)); break;
  }
});
