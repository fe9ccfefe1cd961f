/** Looking into the snapshots of a job: which there are, what is in a folder, where a name is. Remembers what was looked at last, for pages are asked for one by one. */
import { HoldfastError } from '../../shared/errors.js';
import type { Job } from '../../shared/model.js';
import { namePattern } from '../../shared/restore.js';
import { mostFound, pageSize, type FolderEntry, type FolderPage, type Found } from '../../shared/restores.js';
import type { Clock, Engine, RepositoryAccess, SnapshotInfo } from '../ports.js';
import { jobTag } from '../runs/job-tag.js';
import type { SnapshotReader } from './reader.js';

/** Folders remembered. */
const remembered = 4;
/** What was looked at is forgotten after this, ms: memory, and new snapshots. */
const forgetAfter = 60_000;

export interface SnapshotsPorts {
  readonly clock: Pick<Clock, 'after'>;
  readonly engine: Pick<Engine, 'snapshots'>;
  readonly reader: Pick<SnapshotReader, 'list' | 'find'>;
  /** The job's repository, which is not made where there is none. */
  openRepository(job: Job): Promise<RepositoryAccess>;
}

export class Snapshots {
  private readonly folders = new Map<string, Promise<FolderEntry[]>>();
  private readonly known = new Map<string, SnapshotInfo[]>();
  private cancelTimer: (() => void) | null = null;

  constructor(private readonly ports: SnapshotsPorts) {}

  /** Of this job, newest first. */
  async list(job: Job): Promise<SnapshotInfo[]> {
    const all = await this.ports.engine.snapshots(await this.ports.openRepository(job));
    const own = all.filter(({ tags }) => tags.includes(jobTag(job.id))).sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
    this.keep(this.known, job.id, own);
    return own;
  }

  /** @throws HoldfastError `not-found` for one that is not the job's. */
  async get(job: Job, snapshotId: string): Promise<SnapshotInfo> {
    const isIt = ({ id }: SnapshotInfo): boolean => id.startsWith(snapshotId);
    const pick = (all: readonly SnapshotInfo[] | undefined): SnapshotInfo | undefined => (snapshotId === 'latest' ? all?.[0] : all?.find(isIt));
    const found = pick(this.known.get(job.id)) ?? pick(await this.list(job));
    if (found === undefined) throw new HoldfastError('not-found', `"${job.name}" has no such snapshot any more. Choose another one.`);
    return found;
  }

  /** @throws HoldfastError `not-found` for a folder that is not there. */
  async folder(job: Job, snapshotId: string, folder: string, skip: number, signal: AbortSignal): Promise<FolderPage> {
    const snapshot = await this.get(job, snapshotId);
    const key = `${snapshot.id} ${folder}`;
    const listing = this.folders.get(key) ?? this.load(job, snapshot.id, folder, signal);
    this.folders.delete(key);
    this.keep(this.folders, key, listing);
    listing.catch(() => this.folders.delete(key));
    for (const oldest of [...this.folders.keys()].slice(0, -remembered)) this.folders.delete(oldest);
    const entries = await listing;
    return { entries: entries.slice(skip, skip + pageSize), total: entries.length };
  }

  /** @param snapshotId null for all of the job's */
  async find(job: Job, text: string, snapshotId: string | null, signal: AbortSignal): Promise<Found> {
    const snapshots = snapshotId === null ? (await this.list(job)).reverse() : [await this.get(job, snapshotId)];
    if (snapshots.length === 0) return { found: [], more: false };
    const repository = await this.ports.openRepository(job);
    return this.ports.reader.find(repository, { snapshots: snapshots.map(({ id }) => id), pattern: namePattern(text), limit: mostFound, signal });
  }

  private async load(job: Job, snapshot: string, folder: string, signal: AbortSignal): Promise<FolderEntry[]> {
    const entries: FolderEntry[] = [];
    const repository = await this.ports.openRepository(job);
    await this.ports.reader.list(repository, {
      snapshot, folder, signal,
      onEntries: (more) => { for (const { name, type, size, mtime } of more) entries.push({ name, type, size, mtime }); },
    });
    const order = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
    const isFile = ({ type }: FolderEntry): number => (type === 'dir' ? 0 : 1);
    return entries.sort((a, b) => isFile(a) - isFile(b) || order.compare(a.name, b.name));
  }

  private keep<T>(memory: Map<string, T>, key: string, value: T): void {
    memory.set(key, value);
    this.cancelTimer?.();
    this.cancelTimer = this.ports.clock.after(forgetAfter, () => {
      this.folders.clear();
      this.known.clear();
    });
  }
}
