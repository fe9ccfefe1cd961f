/** Where a CPU worker thread starts: its role decides what it does with its tasks. */
import { parentPort, workerData } from 'node:worker_threads';
import { asHoldfastError } from '../../shared/errors.js';
import { archiveHandler } from './archive-handler.js';
import { checkHandler } from './check-handler.js';
import type { ArchiveData, CheckData, Request, RestoreData } from './messages.js';
import { restoreHandler } from './restore-handler.js';

type RoleData = ArchiveData | RestoreData | CheckData;

const port = parentPort;
if (!port) throw new Error('this module is the start of a worker thread');

function handlerFor(data: RoleData, emit: (event: unknown) => void): (task: never) => unknown {
  switch (data.role) {
    case 'archive': return archiveHandler(data, emit);
    case 'restore': return restoreHandler(data);
    case 'check': return checkHandler(data);
  }
}

const handle = handlerFor(workerData as RoleData, (event) => { port.postMessage({ event }); });

port.on('message', ({ number, task }: Request<never>) => {
  try {
    port.postMessage({ number, result: handle(task) });
  } catch (error) {
    port.postMessage({ number, error: asHoldfastError(error).toShape() });
  }
});
