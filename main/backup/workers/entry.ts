/** Where a CPU worker thread starts. A message gives it its role, which decides what it does with its tasks; before that it may survey what will be backed up. */
import { parentPort } from 'node:worker_threads';
import { asHoldfastError } from '../../shared/errors.js';
import { archiveHandler } from './archive-handler.js';
import { checkHandler } from './check-handler.js';
import { endMessage } from './end.js';
import type { Request, RoleData, SurveyData } from './messages.js';
import { restoreHandler } from './restore-handler.js';
import { survey } from './survey-handler.js';

const port = parentPort;
if (!port) throw new Error('this module is the start of a worker thread');

function handlerFor(data: RoleData, emit: (event: unknown) => void): (task: never) => unknown {
  switch (data.role) {
    case 'archive': return archiveHandler(data, emit);
    case 'restore': return restoreHandler(data);
    case 'check': return checkHandler(data);
  }
}

let handle: ((task: never) => unknown) | null = null;

port.on('message', (message: RoleData | SurveyData | Request<never> | typeof endMessage) => {
  if (message === endMessage) process.exit();
  if (!('role' in message)) answer(message);
  else if (message.role === 'survey') survey(message, () => handle !== null);
  else handle = handlerFor(message, (event) => { port.postMessage({ event }); });
});

function answer({ number, task }: Request<never>): void {
  try {
    port?.postMessage({ number, result: handle?.(task) });
  } catch (error) {
    port?.postMessage({ number, error: asHoldfastError(error).toShape() });
  }
}
