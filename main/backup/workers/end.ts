/**
 * How threads of ours end. `Worker.terminate` stops one inside of whatever it does, and inside of a call through koffi or another addon
 * made with node-addon-api that is the end of the whole program: the call finds that it cannot go on, and its error cannot be thrown
 * (https://github.com/nodejs/node-addon-api/blob/main/doc/error_handling.md). So a thread is asked, and ends between two messages.
 */
import type { Worker } from 'node:worker_threads';

/** A thread that gets this as a message exits. */
export const endMessage = 'end';

/** Resolves when the thread has ended, after what it is doing now and what it has been given before. */
export async function endThread(worker: Worker): Promise<void> {
  if (worker.threadId === ended) return;
  const exited = new Promise<void>((resolve) => { worker.once('exit', () => { resolve(); }); });
  worker.ref(); // the program stays until it is over
  worker.postMessage(endMessage);
  await exited;
}

/** What Node gives as the number of a thread that is no more. */
const ended = -1;
