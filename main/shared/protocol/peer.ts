/** `request` and `response`: one side's view of them. Hub and agent each have one per connection; only the tables differ. */
import { asHoldfastError, HoldfastError, type ErrorShape } from '../errors.js';
import type { MethodTable, ParamsInput, ParamsOf, ResultOf } from './methods.js';
import type { Request, Response } from './messages.js';

/** An answer is waited for this long where the asker says nothing else, ms. */
export const defaultDeadlineMs = 30_000;
/** More requests at once than this are refused, so that no peer can pile up work. */
export const maxOpenRequests = 64;

export interface PeerPorts<Theirs extends MethodTable, Ours extends MethodTable> {
  readonly theirs: Theirs;
  readonly ours: Ours;
  after(ms: number, callback: () => void): () => void;
  send(message: Request | Response | { kind: 'request.cancel'; id: string }): void;
  answer<M extends keyof Ours>(method: M, params: ParamsOf<Ours, M>, signal: AbortSignal): Promise<ResultOf<Ours, M>>;
  /** What to say of a peer that does not answer or is gone. */
  unreachable(): HoldfastError;
}

export interface AskOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export class Peer<Theirs extends MethodTable, Ours extends MethodTable> {
  private readonly asked = new Map<string, (response: Response) => void>();
  private readonly answering = new Map<string, AbortController>();
  private nextId = 1;
  private closed = false;

  constructor(private readonly ports: PeerPorts<Theirs, Ours>) {}

  /** @throws HoldfastError what the peer answered, or `unreachable()` when the connection ends or the deadline passes first. */
  async ask<M extends keyof Theirs & string>(method: M, params: ParamsInput<Theirs, M>, options: AskOptions = {}): Promise<ResultOf<Theirs, M>> {
    options.signal?.throwIfAborted();
    if (this.closed) throw this.ports.unreachable();
    const table = this.ports.theirs[method];
    if (table === undefined) throw new HoldfastError('internal', `There is no method ${method}.`);
    const id = String(this.nextId++);
    const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
    const response = await new Promise<Response>((resolve) => {
      const failed = (error: ErrorShape): void => {
        this.ports.send({ kind: 'request.cancel', id });
        settle({ kind: 'response', id, ok: false, error });
      };
      const settle = (answer: Response): void => {
        cancelTimer();
        options.signal?.removeEventListener('abort', onAbort);
        this.asked.delete(id);
        resolve(answer);
      };
      const onAbort = (): void => failed(new HoldfastError('cancelled', 'Cancelled.').toShape());
      const cancelTimer = this.ports.after(deadlineMs, () => failed(this.ports.unreachable().toShape()));
      options.signal?.addEventListener('abort', onAbort);
      this.asked.set(id, settle);
      this.ports.send({ kind: 'request', id, method, params: table.params.parse(params), deadlineMs });
    });
    if (!response.ok) throw HoldfastError.fromShape(response.error);
    const result = table.result.safeParse(response.result);
    if (!result.success) throw new HoldfastError('protocol-violation', `The answer to ${method} was not understood. Update Holdfast on both sides.`);
    return result.data as ResultOf<Theirs, M>;
  }

  /** An answer arrived; one that nobody waits for any more is dropped. */
  response(response: Response): void {
    this.asked.get(response.id)?.(response);
  }

  /** The peer no longer wants an answer. */
  cancel(id: string): void {
    this.answering.get(id)?.abort();
  }

  /** The peer asks. Answers by itself, with an error where need be. */
  async request(request: Request): Promise<void> {
    const reply = (response: Response): void => {
      if (!this.closed) this.ports.send(response);
    };
    const refuse = (error: HoldfastError): void => reply({ kind: 'response', id: request.id, ok: false, error: error.toShape() });
    const table = this.ports.ours[request.method];
    if (table === undefined || !Object.hasOwn(this.ports.ours, request.method)) return refuse(new HoldfastError('upgrade-needed', `This side does not know the request "${request.method}". Update Holdfast.`));
    if (this.answering.has(request.id) || this.answering.size >= maxOpenRequests) return refuse(new HoldfastError('usage', 'Too many requests at once. Wait for the answers first.', { retryable: true }));
    const params = table.params.safeParse(request.params);
    if (!params.success) return refuse(new HoldfastError('usage', `The request "${request.method}" is not complete: ${params.error.issues.map((issue) => issue.message).join('; ')}.`));
    const abort = new AbortController();
    this.answering.set(request.id, abort);
    const cancelTimer = this.ports.after(request.deadlineMs, () => abort.abort());
    try {
      const result = await this.ports.answer(request.method as keyof Ours, params.data as ParamsOf<Ours, keyof Ours>, abort.signal);
      reply({ kind: 'response', id: request.id, ok: true, result });
    } catch (thrown) {
      refuse(asHoldfastError(thrown));
    } finally {
      cancelTimer();
      this.answering.delete(request.id);
    }
  }

  /** The connection is gone: nobody answers any more, and nobody waits for our answers. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const error = this.ports.unreachable().toShape();
    for (const [id, settle] of [...this.asked]) settle({ kind: 'response', id, ok: false, error });
    for (const abort of this.answering.values()) abort.abort();
  }
}
