/**
 * The engine in a thread of its own, so that the thread with the tray and the tunnel does no work. The thread starts
 * with the first call and ends when nothing has been asked for a while: at rest the engine costs no memory.
 */
import { Worker } from 'node:worker_threads';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Control, Engine, EntriesControl, InputControl, OutputControl, LsEntry } from '../types.js';
import { KeyMemory } from '../repository/key-memory.js';
import { builtFile } from '../workers/built.js';
import { endThread } from '../workers/end.js';
import { fromEngine, type FromEngine, type ToEngine } from './messages.js';

type AnyControl = Control & Partial<Pick<InputControl, 'input' | 'stream'> & Pick<OutputControl, 'output'> & Pick<EntriesControl, 'onEntries'>>;

interface Call {
  readonly control: AnyControl;
  /** What is being read, by the stream's number; null is the only input. */
  readonly inputs: Map<number | null, AsyncIterator<Uint8Array>>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const defaultRest = 60_000;
const cancelled = (): HoldfastError => new HoldfastError('cancelled', 'Cancelled.');

class Conductor {
  private worker: Worker | null = null;
  private readonly calls = new Map<number, Call>();
  private next = 0;
  private rest: NodeJS.Timeout | undefined;
  private closed = false;
  /** Opening them anew for each run, and thrice for each run that forgets and prunes, would be the larger part of a small one. */
  private readonly keys = new KeyMemory();

  constructor(private readonly restAfter: number) {}

  call(operation: string, request: unknown, control: AnyControl = {}): Promise<unknown> {
    if (this.closed) return Promise.reject(new HoldfastError('internal', 'The engine was closed.'));
    if (control.signal?.aborted) return Promise.reject(cancelled());
    clearTimeout(this.rest);
    const call = this.next++;
    return new Promise<unknown>((resolve, reject) => {
      const inputs: Call['inputs'] = new Map();
      const abort = (): void => { this.send({ kind: 'abort', call }); };
      const settle = <T>(finish: (value: T) => void) => (value: T): void => {
        control.signal?.removeEventListener('abort', abort);
        this.calls.delete(call);
        this.maybeRest();
        void endInputs(inputs); // not waited for: an input that says nothing must not hold up the end
        finish(value);
      };
      this.calls.set(call, { control, inputs, resolve: settle(resolve), reject: settle(reject) });
      control.signal?.addEventListener('abort', abort);
      this.send({
        kind: 'start', call, operation, request,
        wants: { progress: control.onProgress !== undefined, trace: control.onTrace !== undefined, input: control.input !== undefined, streams: control.stream !== undefined, output: control.output !== undefined, entries: control.onEntries !== undefined },
      });
    });
  }

  /** Aborts what runs and waits until it has cleaned up after itself. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.rest);
    const ending = [...this.calls.keys()].map((call) => new Promise<void>((resolve) => {
      const { control, inputs, resolve: done, reject } = this.calls.get(call) ?? {};
      if (!done || !reject || !control || !inputs) { resolve(); return; }
      this.calls.set(call, {
        control, inputs, resolve: (value) => { done(value); resolve(); }, reject: (error) => { reject(error); resolve(); },
      });
      this.send({ kind: 'abort', call });
    }));
    await Promise.all(ending);
    await this.end();
    this.keys.forget();
  }

  private maybeRest(): void {
    if (this.calls.size > 0 || this.closed) return;
    this.rest = setTimeout(() => { void this.end(); }, this.restAfter);
    this.rest.unref();
    this.worker?.unref();
  }

  private async end(): Promise<void> {
    const worker = this.worker;
    this.worker = null;
    if (worker) await endThread(worker);
  }

  private send(message: ToEngine): void {
    this.worker ??= this.start();
    this.worker.ref();
    this.worker.postMessage(message);
  }

  private start(): Worker {
    const worker = new Worker(builtFile(import.meta.url, './conductor.js'), { execArgv: [], workerData: { keys: this.keys.shared } });
    worker.on('message', (raw: unknown) => { this.receive(fromEngine.parse(raw)); });
    const lost = (error: Error): void => {
      if (this.worker === worker) this.worker = null;
      for (const { reject } of [...this.calls.values()]) reject(error);
    };
    worker.on('error', (error) => { lost(asHoldfastError(error)); });
    worker.on('exit', (code) => { if (this.worker === worker) lost(new HoldfastError('internal', `The engine's thread ended unexpectedly (${code}).`)); });
    return worker;
  }

  private receive(message: FromEngine): void {
    const call = this.calls.get(message.call);
    if (!call) return;
    const { control } = call;
    switch (message.kind) {
      case 'result': call.resolve(message.result); break;
      case 'error': call.reject(HoldfastError.fromShape(message.error)); break;
      case 'progress': control.onProgress?.(message.progress); break;
      case 'item-error': control.onItemError?.(message.error); break;
      case 'warning': control.onWarning?.(message.text); break;
      case 'trace': control.onTrace?.(message.line); break;
      case 'want-input': void this.feed(message.call, message.stream, call); break;
      case 'end-input': void endInput(call.inputs, message.stream); break;
      case 'output': void this.deliver(message.call, () => control.output?.(message.piece)); break;
      case 'entries': void this.deliver(message.call, () => control.onEntries?.(message.entries as LsEntry[])); break;
    }
  }

  private async feed(call: number, stream: number | null, { control, inputs }: Call): Promise<void> {
    try {
      let input = inputs.get(stream);
      if (!input) {
        input = (stream === null ? control.input : control.stream?.(stream))?.[Symbol.asyncIterator]();
        if (input) inputs.set(stream, input);
      }
      const next = await input?.next();
      this.send({ kind: 'input', call, piece: !next || next.done ? null : next.value });
    } catch (error) {
      this.send({ kind: 'input-failed', call, error: asHoldfastError(error).toShape() });
    }
  }

  private async deliver(call: number, give: () => Promise<void> | void | undefined): Promise<void> {
    try {
      await give();
      this.send({ kind: 'taken', call });
    } catch (error) {
      this.send({ kind: 'taken', call, error: asHoldfastError(error).toShape() });
    }
  }
}

/** Lets the source of an input end what it runs. Its own failure was told when it was read. */
async function endInput(inputs: Call['inputs'], stream: number | null): Promise<void> {
  const input = inputs.get(stream);
  inputs.delete(stream);
  await Promise.resolve(input?.return?.()).catch(() => undefined);
}

async function endInputs(inputs: Call['inputs']): Promise<void> {
  await Promise.all([...inputs.keys()].map((stream) => endInput(inputs, stream)));
}

/** The engine for a program that stays: see `Engine`. @param restAfter how long after the last call the thread stays, ms */
export function createEngine({ restAfter = defaultRest }: { readonly restAfter?: number } = {}): Engine {
  const conductor = new Conductor(restAfter);
  const through = <Q, C extends Control, R>(operation: string) => (request: Q, control?: C): Promise<R> =>
    conductor.call(operation, request, control) as Promise<R>;
  return {
    init: through('init'), exists: through('exists'), probe: through('probe'), config: through('config'), backup: through('backup'), restore: through('restore'), snapshots: through('snapshots'),
    ls: through('ls'), find: through('find'), diff: through('diff'), upheaval: through('upheaval'), dump: through('dump'), check: through('check'), forget: through('forget'),
    prune: through('prune'), unlock: through('unlock'), stats: through('stats'), tag: through('tag'), copy: through('copy'),
    repairIndex: through('repairIndex'), keyList: through('keyList'), keyAdd: through('keyAdd'), keyRemove: through('keyRemove'), keyPasswd: through('keyPasswd'),
    close: () => conductor.close(),
  };
}
