/** Restores under way and the last ones: carried out here, cancelled here, shown as they go. Needs no hub. */
import type { Host } from '../../backup/source/process/host.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Job } from '../../shared/model.js';
import { childPath, dumpAt, dumpName, parentPath, type DumpPlace } from '../../shared/restore.js';
import { isRestoring, restoreText, type AskedRestore, type DatabaseRestore, type FileRestore, type OverwriteRule, type RestoreView } from '../../shared/restores.js';
import { isServer, passwordTarget, serverText } from '../../shared/sources.js';
import type { Clock, Logger, RepositoryAccess, SnapshotInfo } from '../ports.js';
import { restoreDatabase } from './databases.js';
import { restoreParts, whatText, type RestorePart } from './plan.js';
import type { Restored, RestoreOrder, SnapshotReader } from './reader.js';
import type { Snapshots } from './snapshots.js';

/** Restores that go on at the same time at most. */
const mostAtOnce = 4;
/** Asked for by the hub and not answered here at most: it cannot fill a queue. */
const mostWaiting = 10;
/** Ended ones that are shown. */
const kept = 10;
/** A repository that is locked, by a prune for example, is tried again this often and so many times. ms */
const lockedAgainAfter = 3_000;
const lockedTries = 200;
const listedErrors = 20;

const engineRule: Readonly<Record<OverwriteRule, RestoreOrder['overwrite']>> = { 'keep-newer': 'if-newer', keep: 'never', replace: 'always' };

export interface RestoresPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reader: SnapshotReader;
  readonly snapshots: Snapshots;
  /** Where the tools run that load dumps. */
  readonly host: Host;
  readonly newId: () => string;
  openRepository(job: Job): Promise<RepositoryAccess>;
  /** Of a database server; null where none is kept. */
  password(target: string): Promise<string | null>;
  changed(): void;
}

/** Something the hub asked for and nobody here has answered yet. */
export interface WaitingRestore {
  readonly id: string;
  readonly job: Job;
  /** For the question: `"letters" to /home/anna/Restored`. */
  readonly subject: string;
}

type Ended = Pick<RestoreView, 'result'> & { readonly incomplete: boolean };

interface Entry {
  view: RestoreView;
  readonly job: Job;
  readonly abort: AbortController;
  /** Begins it; called once. */
  readonly work: (entry: Entry) => Promise<Ended>;
  done: Promise<void>;
}

export class Restores {
  /** Oldest first. */
  private readonly entries = new Map<string, Entry>();
  private closed = false;

  constructor(private readonly ports: RestoresPorts) {}

  /** Newest first. */
  get views(): RestoreView[] {
    return [...this.entries.values()].map(({ view }) => view).reverse();
  }

  get waiting(): WaitingRestore[] {
    return [...this.entries.values()].filter(({ view }) => view.state === 'waiting')
      .map(({ job, view }) => ({ id: view.id, job, subject: `${view.what} of ${view.snapshotTime ?? 'a backup'} to ${view.where}` }));
  }

  /** @throws HoldfastError `not-found`. */
  view(id: string): RestoreView {
    return this.entry(id).view;
  }

  /** @returns its id, at once. */
  async files(job: Job, order: FileRestore): Promise<string> {
    return this.begin(await this.filesEntry(job, order, false));
  }

  /** What a hub asks for goes into a folder, next to what is there. @param allowed without asking anybody here */
  async asked(job: Job, { folder, ...order }: AskedRestore, allowed: boolean): Promise<RestoreView> {
    if (!allowed && this.waiting.length >= mostWaiting) throw new HoldfastError('policy-refused', 'Too many restores wait for a yes on that computer already. Answer those first.');
    const entry = await this.filesEntry(job, { ...order, place: { type: 'folder', path: folder }, overwrite: 'keep' }, true);
    if (allowed) this.begin(entry);
    else this.remember({ ...entry, view: { ...entry.view, state: 'waiting' } });
    return this.view(entry.view.id);
  }

  /** The answer of this computer's owner to one that waits. @throws HoldfastError `not-found`. */
  answer(id: string, answer: 'allow' | 'refuse'): void {
    const entry = this.entry(id);
    if (entry.view.state !== 'waiting') throw new HoldfastError('not-found', 'That restore does not wait any more.');
    if (answer === 'allow') this.begin(entry);
    else this.show(entry, { state: 'refused', finishedAt: this.now() });
  }

  async database(job: Job, order: DatabaseRestore): Promise<string> {
    const snapshot = await this.ports.snapshots.get(job, order.snapshotId);
    const place = dumpAt(order.path);
    if (place === null) throw new HoldfastError('usage', `${order.path} is no dump of a database. Restore it as a file.`);
    const folder = await this.ports.snapshots.folder(job, snapshot.id, parentPath(order.path), 0, new AbortController().signal);
    const dump = folder.entries.find(({ name, type }) => type === 'file' && childPath(parentPath(order.path), name) === order.path);
    if (dump === undefined && folder.total <= folder.entries.length) throw new HoldfastError('not-found', `${dumpName(place)} is not in this snapshot. Choose another one.`);
    return this.begin(this.newEntry(job, snapshot, {
      what: dumpName(place), where: targetText(order, place), opens: order.into.type === 'file' ? order.into.path : null, byHub: false,
    }, (entry) => this.loadDatabase(entry, snapshot, place, order, dump?.size ?? null)));
  }

  /** Ends one; what was restored until then stays. @throws HoldfastError `not-found`. */
  cancel(id: string): void {
    const entry = this.entry(id);
    if (entry.view.state === 'waiting') this.show(entry, { state: 'cancelled', finishedAt: this.now() });
    entry.abort.abort();
  }

  /** Cancels all and waits until they have cleaned up. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { abort } of this.entries.values()) abort.abort();
    await Promise.allSettled([...this.entries.values()].map(({ done }) => done));
  }

  private async filesEntry(job: Job, order: FileRestore, byHub: boolean): Promise<Entry> {
    const snapshot = await this.ports.snapshots.get(job, order.snapshotId);
    const { place } = order;
    const parts = restoreParts(order.paths, place, snapshot.paths);
    const only = order.paths.length === 1 ? order.paths[0] : undefined;
    const opens = place.type === 'folder' ? place.path : only === undefined || only === '/' ? null : only;
    return this.newEntry(job, snapshot, {
      what: whatText(order.paths), where: place.type === 'folder' ? place.path : 'where it was', opens, byHub,
    }, (entry) => this.restoreFiles(entry, snapshot, parts, engineRule[order.overwrite]));
  }

  private newEntry(job: Job, snapshot: SnapshotInfo, words: Pick<RestoreView, 'what' | 'where' | 'opens' | 'byHub'>, work: Entry['work']): Entry {
    const view: RestoreView = {
      id: this.ports.newId(), jobId: job.id, jobName: job.name, snapshotTime: new Date(snapshot.time).toISOString(), ...words, state: 'running', startedAt: this.now(), finishedAt: null,
      progress: { filesDone: 0, filesTotal: null, bytesDone: 0, bytesTotal: null }, result: null, error: null,
    };
    return { view, job, work, abort: new AbortController(), done: Promise.resolve() };
  }

  private begin(entry: Entry): string {
    if (this.closed) throw new HoldfastError('cancelled', 'Holdfast is ending.');
    if ([...this.entries.values()].filter(({ view }) => view.state === 'running').length >= mostAtOnce) throw new HoldfastError('usage', 'Several restores are under way already. Wait until one has ended.', { retryable: true });
    this.remember(entry);
    this.show(entry, { state: 'running', startedAt: this.now() });
    this.ports.logger.log('info', `Restoring ${entry.view.what} of "${entry.job.name}" to ${entry.view.where}`);
    entry.done = this.carryOut(entry);
    return entry.view.id;
  }

  private async carryOut(entry: Entry): Promise<void> {
    try {
      const { incomplete, result } = await entry.work(entry);
      this.show(entry, { state: incomplete ? 'warnings' : 'succeeded', result });
    } catch (thrown) {
      const error = asHoldfastError(thrown);
      const isCancelled = error.code === 'cancelled' || entry.abort.signal.aborted;
      this.show(entry, isCancelled ? { state: 'cancelled' } : { state: 'failed', error: error.toShape() });
    }
    this.show(entry, { finishedAt: this.now() });
    const { state } = entry.view;
    this.ports.logger.log(state === 'failed' ? 'error' : state === 'warnings' ? 'warn' : 'info', `"${entry.job.name}": ${restoreText(entry.view)}`);
    for (const { message, path } of entry.view.result?.errors ?? []) this.ports.logger.log('warn', `${path}: ${message}`);
  }

  private async restoreFiles(entry: Entry, snapshot: SnapshotInfo, parts: readonly RestorePart[], overwrite: RestoreOrder['overwrite']): Promise<Ended> {
    const { signal } = entry.abort;
    const repository = await this.ports.openRepository(entry.job);
    const sum = { files: 0, skipped: 0, bytes: 0, errorCount: 0, errors: [] as Restored['errors'][number][] };
    for (const { folder, include, target } of parts) {
      const before = { files: sum.files + sum.skipped, bytes: sum.bytes };
      const done = await this.unlocked(signal, () => this.ports.reader.restore(repository, {
        snapshot: folder === '/' ? snapshot.id : `${snapshot.id}:${folder}`, target, overwrite, verify: false, signal,
        ...(include === null ? {} : { include }),
        onProgress: ({ bytesDone, bytesTotal, filesDone, filesTotal }) => this.show(entry, {
          progress: parts.length === 1
            ? { filesDone, filesTotal, bytesDone, bytesTotal }
            : { filesDone: before.files + filesDone, filesTotal: null, bytesDone: before.bytes + bytesDone, bytesTotal: null },
        }),
      }));
      sum.files += done.files;
      sum.skipped += done.skipped;
      sum.bytes += done.bytes;
      sum.errorCount += done.errorCount;
      sum.errors.push(...done.errors.slice(0, listedErrors - sum.errors.length));
    }
    if (sum.files + sum.skipped === 0) {
      const [first] = sum.errors;
      if (first !== undefined) throw new HoldfastError('destination-failed', `Nothing could be restored. ${first.path}: ${first.message.replace(/\.?$/, '.')}`);
    }
    return { result: { ...sum, tables: null, rows: null }, incomplete: sum.errorCount > 0 };
  }

  private async loadDatabase(entry: Entry, snapshot: SnapshotInfo, place: DumpPlace, { into, owners, password, path, replace }: DatabaseRestore, size: number | null): Promise<Ended> {
    const { signal } = entry.abort;
    const repository = await this.ports.openRepository(entry.job);
    let bytes = 0;
    const loaded = await restoreDatabase({
      place, into, replace, owners, signal,
      password: password ?? (isServer(into) ? await this.ports.password(passwordTarget(into)) : null),
      content: (output) => this.ports.reader.read(repository, { snapshot: snapshot.id, path, signal }, async (piece) => {
        await output(piece);
        bytes += piece.length;
        this.show(entry, { progress: { filesDone: 0, filesTotal: 1, bytesDone: bytes, bytesTotal: size } });
      }),
    }, this.ports.host);
    return { result: { files: 1, skipped: 0, bytes, errorCount: 0, errors: [], tables: loaded.tables, rows: loaded.rows }, incomplete: false };
  }

  private async unlocked<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (thrown) {
        if (signal.aborted || tries >= lockedTries || asHoldfastError(thrown).code !== 'repository-locked') throw thrown;
      }
      await new Promise<void>((resolve) => {
        const cancel = this.ports.clock.after(lockedAgainAfter, resolve);
        signal.addEventListener('abort', () => {
          cancel();
          resolve();
        }, { once: true });
      });
      if (signal.aborted) throw new HoldfastError('cancelled', 'Cancelled.');
    }
  }

  private remember(entry: Entry): void {
    this.entries.set(entry.view.id, entry);
    const ended = [...this.entries.values()].filter(({ view }) => !isRestoring(view));
    for (const { view } of ended.slice(0, Math.max(0, ended.length - kept))) this.entries.delete(view.id);
    this.ports.changed();
  }

  private show(entry: Entry, change: Partial<RestoreView>): void {
    entry.view = { ...entry.view, ...change };
    this.ports.changed();
  }

  private entry(id: string): Entry {
    const entry = this.entries.get(id);
    if (entry === undefined) throw new HoldfastError('not-found', 'That restore is not remembered any more.');
    return entry;
  }

  private now(): string {
    return new Date(this.ports.clock.now()).toISOString();
  }
}

function targetText({ into }: DatabaseRestore, place: DumpPlace): string {
  if (into.type === 'file') return into.path;
  const name = into.type === 'mongodb' ? into.database ?? place.database : into.databases?.[0] ?? '';
  return `"${name}" at ${serverText(into)}`;
}

