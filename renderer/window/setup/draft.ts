/** What the set-up makes of the choices. Pure. */
import type { JobView } from '../../../main/shared/control.js';
import type { Place } from '../../../main/shared/ipc.js';
import type { JobDraftInput, Schedule } from '../../../main/shared/model.js';
import type { DatabaseSource } from '../../../main/shared/sources.js';

export const frequencies = [
  { id: 'hour', name: 'Every hour', schedule: { type: 'every', minutes: 60 } },
  { id: 'four-hours', name: 'Every 4 hours', schedule: { type: 'every', minutes: 240 } },
  { id: 'day', name: 'Every day', schedule: { type: 'every', minutes: 1440 } },
  { id: 'manual', name: 'When I start it', schedule: { type: 'manual' } },
] as const satisfies readonly { id: string; name: string; schedule: Schedule }[];
export type Frequency = (typeof frequencies)[number]['id'];

const baseName = (path: string): string => path.split('/').filter(Boolean).at(-1) ?? path;

/** `Documents`, `Documents and Desktop`, `Documents and 3 more`; numbered when a job has that name already. */
export function jobName(folders: readonly string[], taken: readonly string[]): string {
  const [first = '/', second] = folders;
  const name = (second === undefined ? baseName(first)
    : folders.length === 2 ? `${baseName(first)} and ${baseName(second)}`
      : `${baseName(first)} and ${folders.length - 1} more`).slice(0, 110);
  if (!taken.includes(name)) return name;
  let n = 2;
  while (taken.includes(`${name} ${n}`)) n += 1;
  return `${name} ${n}`;
}

/** For the name of a job: `PostgreSQL`, or the name of the file or site. */
function sourceName(source: DatabaseSource): string {
  switch (source.type) {
    case 'postgresql': return 'PostgreSQL';
    case 'mysql': return 'MySQL';
    case 'mongodb': return 'MongoDB';
    case 'redis': return 'Redis';
    case 'sqlite': return source.path;
    case 'wordpress': case 'laravel': return source.folder;
  }
}

/** A folder inside another chosen one is backed up with it. */
export const withoutNested = (folders: readonly string[]): string[] =>
  folders.filter((folder) => !folders.some((other) => other !== folder && folder.startsWith(other === '/' ? '/' : `${other}/`)));

export function draftOf(folders: readonly string[], place: Place, excludes: readonly string[], frequency: Frequency, jobs: readonly JobView[], databases: readonly DatabaseSource[] = []): JobDraftInput {
  const paths = withoutNested(folders);
  return {
    name: jobName([...paths, ...databases.map(sourceName)], jobs.map(({ job }) => job.name)),
    sources: [...(paths.length === 0 ? [] : [{ type: 'files' as const, paths, excludes: [...excludes] }]), ...databases],
    destination: { id: place.destinationId, name: place.name, url: place.path },
    schedule: frequencies.find(({ id }) => id === frequency)?.schedule ?? { type: 'manual' },
  };
}
