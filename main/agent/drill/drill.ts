/** One restore drill: takes a random sample of a snapshot and its dumps, restores it to a scratch folder, compares, and removes all. */
import type { Host } from '../../backup/source/process/host.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Drill, DatabaseProof } from '../../shared/drill.js';
import { countText } from '../../shared/text.js';
import { exactPattern } from '../../shared/restore.js';
import type { RepositoryAccess } from '../ports.js';
import type { FoundEntry, SnapshotReader } from '../restore/reader.js';
import { difference } from './compare.js';
import { DumpProofs, isOfTheDrill } from './dumps.js';
import { Sampler, type SampleLimits } from './sample.js';
import type { ScratchFolders } from './scratch.js';

export interface DrillPorts {
  readonly reader: SnapshotReader;
  readonly scratch: ScratchFolders;
  /** Where tools and scratch servers run. */
  readonly host: Host;
  readonly randomInt: (below: number) => number;
  readonly limits?: SampleLimits;
}

export type DrillFinding = Pick<Drill, 'outcome' | 'files' | 'bytes' | 'databases' | 'reason'>;

/** A drill is small enough not to be noticed: files and bytes of its sample. Dumps come whole: half a dump proves nothing. */
const usualLimits: SampleLimits = { files: 20, bytes: 200 * 1024 * 1024 };

interface FilesFinding {
  readonly files: number;
  readonly bytes: number;
  /** What did not come back; null when all did. */
  readonly wrong: string | null;
  /** What could not be restored beside content. */
  readonly incomplete: string | null;
}

/**
 * Never rejects but with `cancelled`: what else goes wrong is what the drill found.
 * @param snapshot its id
 */
export async function drill(ports: DrillPorts, repository: RepositoryAccess, snapshot: string, signal: AbortSignal): Promise<DrillFinding> {
  const { reader, limits = usualLimits, randomInt } = ports;
  let proven: FilesFinding = { files: 0, bytes: 0, wrong: null, incomplete: null };
  let databases: DatabaseProof[] = [];
  try {
    const sampler = new Sampler(limits, randomInt);
    await reader.list(repository, { snapshot, signal, onEntries: (entries) => { for (const entry of entries) sampler.add(entry); } });
    proven = await restoreFiles(ports, repository, snapshot, sampler.take(), signal);
    databases = await new DumpProofs({
      host: ports.host, scratch: ports.scratch, signal,
      content: ({ path }) => (output) => reader.read(repository, { snapshot, path, signal }, output),
    }).prove(sampler.dumps);
    const { moreDumps } = sampler;
    return judged(proven, databases, moreDumps === 0 ? null : `${countText(moreDumps, 'dump')} more were not tried.`);
  } catch (thrown) {
    const error = asHoldfastError(thrown);
    if (error.code === 'cancelled' || signal.aborted) throw error.code === 'cancelled' ? error : new HoldfastError('cancelled', 'Cancelled.');
    // What was found wrong before stays found, whatever ended the drill.
    if (proven.wrong !== null || databases.some(({ outcome }) => outcome === 'failed')) return judged(proven, databases, null);
    return { outcome: isOfTheDrill(error) ? 'not-done' : 'failed', files: proven.files, bytes: proven.bytes, databases, reason: error.message.slice(0, 1000) };
  }
}

async function restoreFiles({ reader, scratch }: DrillPorts, repository: RepositoryAccess, snapshot: string, sample: readonly FoundEntry[], signal: AbortSignal): Promise<FilesFinding> {
  if (sample.length === 0) return { files: 0, bytes: 0, wrong: null, incomplete: null };
  const bytes = sample.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const target = await scratch.make({ bytes });
  try {
    const restored = await reader.restore(repository, { snapshot, target, include: sample.map(({ path }) => exactPattern(path)), overwrite: 'always', verify: true, signal });
    const first = restored.errors[0];
    if (first !== undefined && /no space left|ENOSPC|disk is full|quota/i.test(first.message)) {
      throw new HoldfastError('destination-full', `The disk with ${target} is full. Make room there and try again.`);
    }
    const withContent = sample.filter(({ size }) => size !== 0).length; // an empty file has nothing to hash; it is compared below
    if (restored.verified < withContent) {
      const missing = countText(withContent - restored.verified, 'file');
      return { files: restored.verified, bytes, incomplete: null, wrong: first === undefined ? `${missing} of ${withContent} did not come back.` : `${first.path.replace(target, '')} did not come back: ${first.message.replace(/\.$/, '')}.` };
    }
    const asRoot = process.getuid?.() === 0;
    for (const entry of sample) {
      const wrong = await difference(entry, target, asRoot);
      if (wrong !== null) return { files: sample.length, bytes, wrong, incomplete: null };
    }
    return { files: sample.length, bytes, wrong: null, incomplete: first === undefined ? null : `${first.path.replace(target, '')}: ${first.message}` };
  } finally {
    await scratch.remove(target);
  }
}

function judged(files: FilesFinding, databases: readonly DatabaseProof[], more: string | null): DrillFinding {
  const failed = databases.find(({ outcome }) => outcome === 'failed');
  const wrong = files.wrong ?? failed?.message ?? null;
  const found = { files: files.files, bytes: files.bytes, databases: [...databases] };
  if (wrong !== null) return { ...found, outcome: 'failed', reason: wrong.slice(0, 1000) };
  const unloaded = databases.find(({ outcome }) => outcome === 'read');
  const nothing = files.files === 0 && databases.length === 0 ? 'There is no file in the newest snapshot.' : null;
  const rest = unloaded?.message ?? files.incomplete ?? more ?? nothing;
  return { ...found, outcome: rest === null ? 'proven' : 'partly', reason: rest?.slice(0, 1000) ?? null };
}
