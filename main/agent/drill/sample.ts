/** A random sample of the files of a snapshot, taken while they stream by: memory does not grow with the snapshot. */
import { dumpAt } from '../../shared/restore.js';
import type { FoundEntry } from '../restore/reader.js';

export interface SampleLimits {
  readonly files: number;
  /** Bytes of all files together. */
  readonly bytes: number;
}

export interface Dump {
  readonly path: string;
  readonly size: number;
}

/** Candidates beyond those taken, so that a few large ones do not make the sample small. */
const spare = 4;
/** So many dumps of one snapshot are tried. */
const mostDumps = 200;

export class Sampler {
  private readonly candidates: FoundEntry[] = [];
  private smallest: FoundEntry | null = null;
  private seen = 0;
  /** Dumps of databases, which are all tried. */
  readonly dumps: Dump[] = [];
  /** Dumps beyond those. */
  moreDumps = 0;

  /** @param randomInt uniform in [0, below) */
  constructor(private readonly limits: SampleLimits, private readonly randomInt: (below: number) => number) {}

  /** Algorithm R (Vitter, "Random sampling with a reservoir", 1985). */
  add(entry: FoundEntry): void {
    if (entry.type !== 'file' || entry.size === null || entry.path.includes('\ufffd')) return;
    if (dumpAt(entry.path) !== null) {
      if (this.dumps.length < mostDumps) this.dumps.push({ path: entry.path, size: entry.size });
      else this.moreDumps += 1;
      return;
    }
    if (this.smallest === null || entry.size < (this.smallest.size ?? 0)) this.smallest = entry;
    if (entry.size > this.limits.bytes) return;
    this.seen += 1;
    const size = this.limits.files * spare;
    if (this.candidates.length < size) this.candidates.push(entry);
    else {
      const place = this.randomInt(this.seen);
      if (place < size) this.candidates[place] = entry;
    }
  }

  /** The files to restore. Where every file is larger than the limit, the smallest of them. One name of each inode. */
  take(): FoundEntry[] {
    const taken: FoundEntry[] = [];
    const inodes = new Set<number>();
    let bytes = 0;
    const left = [...this.candidates];
    while (left.length > 0 && taken.length < this.limits.files) {
      const [entry] = left.splice(this.randomInt(left.length), 1);
      if (entry === undefined || bytes + (entry.size ?? 0) > this.limits.bytes) continue;
      if (entry.inode !== null && inodes.has(entry.inode)) continue;
      if (entry.inode !== null) inodes.add(entry.inode);
      bytes += entry.size ?? 0;
      taken.push(entry);
    }
    return taken.length === 0 && this.smallest !== null ? [this.smallest] : taken;
  }
}
