/** A pool of worker threads for CPU work. Threads start when there is work for them, and each has its next task waiting. */
import type { Worker } from 'node:worker_threads';
import { HoldfastError } from '../../shared/errors.js';
import { endThread } from './end.js';
import { sharedWords, type Reply, type Request, type RoleData } from './messages.js';
import { Threads } from './threads.js';

interface Waiting<Task, Result> {
  readonly task: Task;
  /** Rather waits for a thread that is there than for one that has to be started and get warm. */
  readonly isPatient: boolean;
  /** Memory that the thread gets for good, instead of a copy of it. */
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

interface Member<Task, Result> {
  readonly worker: Worker;
  readonly running: Map<number, Waiting<Task, Result>>;
}

/** Tasks given to a thread at once, so that it never waits for the conductor. */
const depth = 2;

export interface PoolOptions<Event> {
  readonly size: number;
  /** Says what the threads do. */
  readonly data: RoleData;
  /** Where they come from: some may be ready. */
  readonly threads?: Threads;
  readonly onEvent?: (event: Event) => void;
}

export class WorkerPool<Task, Result, Event = never> {
  private readonly members: Member<Task, Result>[] = [];
  private readonly queue: Waiting<Task, Result>[] = [];
  private readonly waiters: (() => void)[] = [];
  private nextNumber = 0;
  private failure: Error | null = null;
  private closed = false;
  private readonly threads: Threads;

  constructor(private readonly options: PoolOptions<Event>) {
    this.threads = options.threads ?? new Threads();
  }

  /** Tasks that no thread has been given. */
  get backlog(): number {
    return this.queue.length;
  }

  /**
   * @param transfer memory of the task that is the thread's from now on
   * @param isPatient whether it is not worth a thread of its own
   */
  run(task: Task, transfer: readonly ArrayBuffer[] = [], isPatient = false): Promise<Result> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.queue.push({ task, transfer, isPatient, resolve, reject });
      this.dispatch();
    });
  }

  /** Waits until fewer than `limit` tasks are queued. */
  async room(limit: number): Promise<void> {
    while (this.queue.length >= limit) {
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => { this.waiters.push(resolve); });
    }
    if (this.failure) throw this.failure;
  }

  /** Gives every started thread a task of its own. */
  async broadcast(task: Task): Promise<Result[]> {
    if (this.failure) throw this.failure;
    return Promise.all(this.members.map((member) => new Promise<Result>((resolve, reject) => {
      this.give(member, { task, transfer: [], isPatient: true, resolve, reject });
    })));
  }

  /** Stops all threads, in the middle of their tasks. */
  async close(): Promise<void> {
    this.closed = true;
    this.fail(new HoldfastError('cancelled', 'Cancelled.'));
    await Promise.all(this.members.map((member) => endThread(member.worker)));
  }

  /** Rejects everything that waits, now and later, and has the threads give up what they do. */
  fail(error: Error): void {
    this.failure ??= error;
    Atomics.store(new Int32Array(this.options.data.shared), sharedWords.cancelled, 1);
    for (const waiting of this.queue.splice(0)) waiting.reject(this.failure);
    for (const member of this.members) {
      for (const waiting of member.running.values()) waiting.reject(this.failure);
      member.running.clear();
    }
    this.wake();
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const member = this.freest(this.queue[0]?.isPatient ?? false);
      if (!member) return;
      const next = this.queue.shift();
      if (next) this.give(member, next);
    }
  }

  private freest(isPatient: boolean): Member<Task, Result> | null {
    let best: Member<Task, Result> | null = null;
    for (const member of this.members) if (!best || member.running.size < best.running.size) best = member;
    if (best && best.running.size === 0) return best;
    if (best === null || (this.members.length < (isPatient ? 1 : this.options.size) && this.threads.canBeMore)) return this.start();
    return best && best.running.size < depth ? best : null;
  }

  private give(member: Member<Task, Result>, waiting: Waiting<Task, Result>): void {
    const number = this.nextNumber++;
    member.running.set(number, waiting);
    const request: Request<Task> = { number, task: waiting.task };
    member.worker.postMessage(request, [...waiting.transfer]);
  }

  private start(): Member<Task, Result> {
    const worker = this.threads.take();
    worker.postMessage(this.options.data);
    const member: Member<Task, Result> = { worker, running: new Map() };
    this.members.push(member);
    worker.on('message', (reply: Reply<Result, Event>) => { this.receive(member, reply); });
    worker.on('error', (error) => { this.fail(error); });
    worker.on('exit', (code) => {
      if (!this.closed) this.fail(new HoldfastError('internal', `A worker thread ended unexpectedly (${code}).`));
    });
    return member;
  }

  private receive(member: Member<Task, Result>, reply: Reply<Result, Event>): void {
    if ('event' in reply) {
      this.options.onEvent?.(reply.event);
      return;
    }
    const waiting = member.running.get(reply.number);
    member.running.delete(reply.number);
    this.dispatch();
    this.wake();
    if (!waiting) return;
    if ('error' in reply) waiting.reject(HoldfastError.fromShape(reply.error));
    else waiting.resolve(reply.result);
  }

  private wake(): void {
    for (const resolve of this.waiters.splice(0)) resolve();
  }
}
