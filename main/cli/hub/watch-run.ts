/** Follows a run on the hub to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubAdmin, HubRunView } from '../../shared/protocol/admin.js';
import { isFinal } from '../../shared/model.js';
import { progressLine, runShare } from '../../shared/phrases.js';
import type { Cli } from '../cli.js';

const lookEvery = 300;

/** The run as it ended. An interrupt stops the watching, not the run. @throws HoldfastError `cancelled`. */
export async function watchRun(cli: Cli, admin: HubAdmin, id: string): Promise<HubRunView> {
  const { signal } = cli;
  for (;;) {
    const { run } = await admin.getRun({ id, limit: 1 });
    if (isFinal(run.state)) {
      cli.status.clear();
      return run;
    }
    if (!cli.json && !cli.quiet) cli.status.show(runLine(run));
    signal.throwIfAborted();
    await sleep(lookEvery);
  }
}

function runLine(run: HubRunView): string {
  if (run.awaitingAgent) return 'Waiting for the computer to take the order';
  const share = runShare(run);
  return `${share === null ? '' : `${Math.floor(share * 100)}%  `}${progressLine(run)}`;
}
