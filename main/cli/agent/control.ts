/** The running agent of this user's data folder, for the length of one command. */
import type { AttachedControl } from '../../platform/local-socket/client.js';
import type { Cli } from '../cli.js';
import { cliPaths } from '../places.js';

/** @throws HoldfastError `not-found` when no agent runs. */
export async function withAgent<T>(cli: Cli, work: (control: AttachedControl) => Promise<T>): Promise<T> {
  const { connectAgentControl } = await import('../../platform/local-socket/client.js');
  const control = await connectAgentControl(cliPaths(cli).dataFolder);
  try {
    return await work(control);
  } finally {
    control.close();
  }
}
