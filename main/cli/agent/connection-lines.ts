/** Says `connected to HUB` each time the tunnel is, and why it is not where a person must act. */
import type { AgentControl, Connection } from '../../shared/control.js';
import type { Cli } from '../cli.js';

/** @returns a function that ends it. */
export function printConnections(cli: Cli, control: AgentControl): () => void {
  let said = '';
  const tell = ({ connection }: { connection: Connection }): void => {
    const { hub, lastError, since, state } = connection;
    const key = `${state} ${since}`;
    if (key === said) return;
    said = key;
    if (state === 'connected') cli.result({ message_type: 'connected', hub, since }, () => `connected to ${hub ?? ''}`);
    else if (state === 'stopped') cli.warn(cli.json ? JSON.stringify({ message_type: 'refused', ...lastError }) : lastError?.message ?? 'The hub refused this computer.');
  };
  const end = control.on('state', tell);
  void control.call('state', {}).then(tell, () => undefined);
  return end;
}
