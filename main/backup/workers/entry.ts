/** Where a CPU worker thread starts: the first message gives it its role, which decides what it does with its tasks. */
import { parentPort } from 'node:worker_threads';
import { asHoldfastError } from '../../shared/errors.js';
import { archiveHandler } from './archive-handler.js';
import { checkHandler } from './check-handler.js';
import type { Request, RoleData } from './messages.js';
import { restoreHandler } from './restore-handler.js';


const port = parentPort;
if (!port) throw new Error('this module is the start of a worker thread');

function handlerFor(data: RoleData, emit: (event: unknown) => void): (task: never) => unknown {
  switch (data.role) {
    case 'archive': return archiveHandler(data, emit);
    case 'restore': return restoreHandler(data);
    case 'check': return checkHandler(data);
  }
}

port.once('message', (data: RoleData) => {
  const handle = handlerFor(data, (event) => { port.postMessage({ event }); });
  port.on('message', ({ number, task }: Request<never>) => {
    try {
      port.postMessage({ number, result: handle(task) });
    } catch (error) {
      port.postMessage({ number, error: asHoldfastError(error).toShape() });
    }
  });
});
