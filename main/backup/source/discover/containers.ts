/** Containers of Docker and podman that run a database server, told by their image. */
import type { Discovery, Proposal } from '../../../shared/discovery.js';
import { mongodbSource, mysqlSource, postgresqlSource, redisSource } from '../../../shared/sources.js';
import { Tools } from '../process/command.js';
import { containerEngines } from '../process/containers.js';
import type { Host } from '../process/host.js';

/** ms. An engine that is starting, or gone, lets its client wait. */
const patience = 5000;

/** The image's name without registry, owner and tag. */
const imageName = (image: string): string => (image.split('/').at(-1) ?? '').replace(/[:@].*$/, '');

function proposalFor(image: string, container: string): Proposal | null {
  const name = imageName(image);
  const say = (what: string): string => `${what} runs in the container ${container}; it would be backed up with the tools of its own image.`;
  // the users that the official images make, and let in without a password inside
  if (/^(postgres|postgis|timescaledb|pgvector)/.test(name)) return { source: postgresqlSource.parse({ type: 'postgresql', container, user: 'postgres' }), sentence: say('A PostgreSQL server') };
  if (/^(mysql|mariadb|percona)/.test(name)) return { source: mysqlSource.parse({ type: 'mysql', container, user: 'root' }), sentence: say('A MySQL or MariaDB server') };
  if (/^mongo(db)?($|-)/.test(name)) return { source: mongodbSource.parse({ type: 'mongodb', container }), sentence: say('A MongoDB server') };
  if (/^(redis|valkey)/.test(name)) return { source: redisSource.parse({ type: 'redis', container }), sentence: say('A Redis server') };
  return null;
}

export async function findContainers(local: Host, signal?: AbortSignal): Promise<Discovery> {
  const notes: string[] = [];
  const proposals: Proposal[] = [];
  for (const program of containerEngines) {
    const engine = await local.find([program]);
    if (engine === null) continue;
    const limit = AbortSignal.timeout(patience);
    const text = await new Tools(local).text(
      { program: engine, args: ['ps', '--format', '{{.Names}}\t{{.Image}}'] },
      { tool: program, explain: () => null, signal: signal ? AbortSignal.any([signal, limit]) : limit },
    ).catch(() => null);
    if (text === null) {
      notes.push(`${program} is here but did not list its containers: it does not run, or you may not use it.`);
      continue;
    }
    for (const line of text.split('\n')) {
      const [container = '', image = ''] = line.trim().split('\t');
      const found = /^[A-Za-z0-9][\w.-]{0,127}$/.test(container) ? proposalFor(image, container) : null;
      if (found) proposals.push(found);
    }
  }
  return { proposals, notes };
}
