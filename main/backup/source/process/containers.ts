/** Containers of Docker and podman on this computer. */
import { z } from 'zod';
import { HoldfastError } from '../../../shared/errors.js';
import { Tools } from './command.js';
import { containerHost, type Host } from './host.js';

export const containerEngines = ['docker', 'podman'] as const;

/** The engines' own names for the states of a container. */
const inspected = z.array(z.object({ State: z.object({ Running: z.boolean() }) })).min(1);

/** @throws HoldfastError where no engine is here, or none of them runs such a container. */
export async function findContainer(name: string, local: Host): Promise<Host> {
  const tools = new Tools(local);
  let hasEngine = false;
  let isStopped = false;
  for (const program of containerEngines) {
    const engine = await local.find([program]);
    if (engine === null) continue;
    hasEngine = true;
    const text = await tools.text({ program: engine, args: ['inspect', '--type', 'container', '--', name] }, { tool: program, explain: () => null }).catch(() => null);
    if (text === null) continue; // this engine does not know it, or does not run
    if (inspected.parse(JSON.parse(text))[0]?.State.Running === true) return containerHost(engine, name, local);
    isStopped = true;
  }
  if (isStopped) throw new HoldfastError('source-missing', `The container ${name} is not running. Start it, then run the backup again.`, { retryable: true });
  throw new HoldfastError('source-missing', hasEngine
    ? `No container "${name}" is known to Docker or podman here, or this user may not use them. Check its name, and start it.`
    : `Neither Docker nor podman is on this computer, so the container ${name} cannot be reached. Name the server's host and port instead.`, { retryable: hasEngine });
}
