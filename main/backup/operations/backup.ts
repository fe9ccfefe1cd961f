/** The backup operation: from paths to a snapshot. */
import { setMaxListeners } from 'node:events';
import { hostname, userInfo, availableParallelism } from 'node:os';
import { posix } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { Archiver } from '../archiver/archiver.js';
import { archiveStream, StreamStore } from '../archiver/stream.js';
import { BackupTally } from '../archiver/tally.js';
import { FileQueue, type ArchivePool } from '../archiver/file-queue.js';
import { scan, type Totals } from '../archiver/scanner.js';
import { Scout } from '../archiver/scout.js';
import { makeSelector, takeAll, takesAll } from '../archiver/selector.js';
import { resolveTargets, type TargetStream } from '../archiver/targets.js';
import { TreePacker } from '../archiver/tree-packer.js';
import { FolderComparison } from '../archiver/unchanged.js';
import type { Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import { encodeSnapshot, type SnapshotFile } from '../format/snapshot.js';
import type { Backend, FileKind } from '../backend/backend.js';
import { codeOf } from '../backend/local-errors.js';
import { fromText, toText, type ByteString } from '../format/text.js';
import { formatTime, fromMillis, parseTime, toMillis } from '../format/time.js';
import { KnownBlobs } from '../index/known-blobs.js';
import { Files } from '../posix/files.js';
import { BlobReader } from '../repository/blobs.js';
import { PackSaver } from '../repository/pack-saver.js';
import { adoptOrphans, listPacks } from './resume.js';
import { findParent, findSnapshot, loadSnapshots } from '../repository/snapshots.js';
import { programVersion } from '../version.js';
import { sharedWords, type ArchiveData } from '../workers/messages.js';
import { WorkerPool } from '../workers/pool.js';
import { Survey } from '../workers/survey.js';
import { Threads } from '../workers/threads.js';
import { backupRequest, type BackupRequest, type BackupSummary, type InputControl, type Snapshot } from '../types.js';
import { ProgressReporter, withRepository, type Session } from './session.js';
import type { z } from 'zod';

type Parsed = z.output<typeof backupRequest>;

const mebibyte = 1024 * 1024;
const defaultPackMiB = 16;
/** Where a repository has more than this there will be work for every thread. */
const manyBlobs = 1000;

/** @throws `source-missing`, `files-unreadable` never: unreadable files are counted in the summary */
export async function backup(request: BackupRequest, control: InputControl = {}): Promise<BackupSummary> {
  const parsed = backupRequest.parse(request);
  if (parsed.paths.length === 0 && !parsed.stdin && !parsed.streams?.length) throw new HoldfastError('usage', 'Nothing to back up was named. Give at least one file or folder.');
  const threads = new Threads();
  threads.prepare(1);
  let survey: Survey | null = null;
  try {
    return await withRepository(parsed.repository, parsed.dryRun ? 'none' : 'shared', control, (session) => run(parsed, control, session, threads, survey), {
      early: parsed.stdin === undefined && !parsed.streams?.length, // a stream cannot be read again
      opening: (backend) => {
        if (mayBeUnchanged(parsed)) void hasAny(backend, 'snapshots').then((has) => { if (has) survey = new Survey(threads, parsed.paths.map((path) => posix.resolve(baseOf(parsed), fromText(path))), parsed.withAtime ?? false); }, () => undefined);
      },
    });
  } finally {
    await threads.close();
  }
}

/** Whether most of it may be found to be as it was without a closer look. */
function mayBeUnchanged(request: Parsed): boolean {
  return request.paths.length > 0 && !request.stdin && !request.gentle && !request.force && !request.ignoreCtime && takesAll(request.excludes);
}

async function hasAny(backend: Backend, kind: FileKind): Promise<boolean> {
  for await (const { size } of backend.list(kind)) if (size > 0) return true;
  return false;
}

/** Relative paths start here. */
function baseOf(request: Parsed): ByteString {
  return fromText(request.workingFolder ?? process.cwd());
}

/** A dump comes more slowly than one worker takes it, and each worker costs memory. */
function workersFor(request: Parsed): number {
  if (request.gentle) return 1;
  return request.workers ?? (request.paths.length === 0 && request.streams !== undefined ? 1 : Math.min(availableParallelism(), 8));
}

async function run(request: Parsed, control: InputControl, session: Session, threads: Threads, survey: Survey | null): Promise<BackupSummary> {
  const { repository } = session;
  const started = Date.now();
  const time = request.time === undefined ? started : timeOf(request.time);
  const host = request.host ?? hostname();
  const base = baseOf(request);
  const files = new Files();
  if (!files.complete) session.warn('Extended attributes and names of owners cannot be read on this system; they are left out.');

  const mayHaveOrphans = session.abandonedLocks.length > 0 || (session.alone && !await session.memory.endedWell()); // somebody else at work has packs that are in no index yet
  const listing = !request.dryRun && mayHaveOrphans ? listPacks(repository, session.signal) : Promise.resolve([]);
  const reading = { index: repository.loadIndex({ signal: session.signal }), snapshots: loadSnapshots(repository, session.signal, () => undefined) };
  for (const begun of [listing, reading.index, reading.snapshots] as Promise<unknown>[]) begun.catch(() => undefined); // told where it is needed
  if (!request.dryRun) await session.memory.noteEnd(false);
  const { index } = await reading.index;
  const workers = workersFor(request);
  if (index.size > manyBlobs && !survey) threads.prepare(workers);
  let shareable: KnownBlobs | null = null;
  /** For the threads, which are not needed where nothing has changed. */
  const known = (): KnownBlobs => shareable ??= KnownBlobs.of(index.dataIds(), index.size);
  const reader = new BlobReader(repository, index);
  const tally = new BackupTally(control);
  const present = request.paths.map(fromText).filter((path) => isThere(files, posix.resolve(base, path), tally));
  if (present.length === 0 && !request.stdin && !request.streams?.length) {
    const [only] = request.paths;
    const what = request.paths.length === 1 && only !== undefined ? `${only} does not exist` : 'None of the files and folders to back up exists';
    throw new HoldfastError('source-missing', `${what}. Check the path and whether its disk is attached.`);
  }
  const absolute = request.stdin ? [`/${request.stdin.name.replace(/^\/+/, '')}`] : [...placesOf(request), ...present.map((path) => toText(posix.resolve(base, path)))];
  const top = resolveTargets(present, base, streamsOf(request, control, time));
  const parent = await chooseParent(request, session, reading.snapshots, host, absolute, time);

  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  setMaxListeners(0, signal); // each request under way listens
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
    stop.abort();
    pool.fail(error instanceof Error ? error : new Error(String(error)));
  };
  const shared = new SharedArrayBuffer(sharedWords.count * 4);
  const spoolFolder = request.dryRun ? '' : await repository.backend.spoolFolder();
  const packSize = (request.packSize ?? defaultPackMiB) * mebibyte;
  const data: ArchiveData = {
    role: 'archive', repository: { keys: repository.keys, version: repository.config.version, polynomial: repository.config.polynomial },
    compression: request.compression ?? 'auto', spoolFolder, packSize, get known() { return known().shared; }, shared,
    dryRun: request.dryRun ?? false, gentle: request.gentle ?? false, withAtime: request.withAtime ?? false,
  };
  const saver = new PackSaver(repository, { signal, onFailure: fail });
  if (mayHaveOrphans) await session.held; // what is found is indexed at once
  await adoptOrphans(session, index, await listing, (pack) => {
    saver.adopt(pack);
    for (const blob of pack.blobs) if (blob.type === 'data') known().addHex(blob.id);
  });
  await saver.writeIndex();
  if (!request.dryRun) for (const name of session.abandonedLocks) await repository.backend.remove({ kind: 'locks', name }, signal);
  const pool: ArchivePool = new WorkerPool({ size: workers, data, threads, onEvent: ({ pack }) => { saver.add(pack); } });
  const trees = new TreePacker(repository, index, { spoolFolder, packSize, dryRun: data.dryRun, compression: data.compression, onFull: (pack) => { saver.add(pack); } });
  const queue = new FileQueue(pool, workers, { counts: (counts) => { tally.addBlobs(counts); }, failed: fail });
  session.held.catch(fail);
  const bytesDone = new BigInt64Array(shared);
  let totals: Totals | null = parent?.summary && parent.summary.total_bytes_processed > 0
    ? { files: parent.summary.total_files_processed, bytes: parent.summary.total_bytes_processed } : null;
  const reporter = new ProgressReporter(control.onProgress, () => ({
    action: 'backup', ...tally.progress(Number(Atomics.load(bytesDone, sharedWords.bytesDone / 2))),
    ...(totals ? { total_files: totals.files, total_bytes: totals.bytes } : {}),
  }));
  const cancel = (): void => { pool.fail(new HoldfastError('cancelled', 'Cancelled.')); };
  signal.addEventListener('abort', cancel);
  let walking = true;
  if (control.onProgress && totals === null && request.scan !== false) {
    void scan(top, base, files, makeSelector(request.excludes, base, files), () => !walking || signal.aborted).then((found) => { totals = found ?? totals; }, () => undefined);
  }

  const streams = new StreamStore({ kernel: repository.kernel, polynomial: repository.config.polynomial, queue, events: tally, files, signal, room: () => saver.room(workers + 4) });

  try {
    const parentTree = parent ? await treeOrNull(reader, parent.tree, session) : null;
    const selector = makeSelector(request.excludes, base, files);
    const scout = parentTree && selector === takeAll && !request.ignoreCtime ? new Scout({
      pool, workers, sealedTree: (id) => reader.sealedCopy('tree', id, signal), openTree: (id) => reader.glance('tree', id, signal),
      survey, comparison: new FolderComparison(index),
    }) : null;
    const walk = (): Promise<Id> => new Archiver({
      files, queue, trees, streams, time: fromMillis(time), events: tally, selector, base, signal, scout,
      loadTree: (id) => treeOrNull(reader, id, session), hasBlob: (id) => shareable?.hasHex(id) ?? index.has('data', id),
      withAtime: data.withAtime, ignoreCtime: request.ignoreCtime ?? false, ignoreInode: request.ignoreInode ?? false,
      room: () => saver.room(workers + 4),
    }).run(top, parentTree);
    const tree = request.stdin
      ? await archiveStream(streams, trees, tally, { name: fromText(request.stdin.name), input: control.input, time: fromMillis(time) })
      : await walk();
    walking = false;
    await pool.broadcast({ kind: 'flush' });
    trees.finish();
    tally.addTrees(trees.counts);
    if (!request.dryRun) await saver.flush();
    await session.held;
    signal.throwIfAborted();

    const summary = tally.summary(started, Date.now());
    const unchanged = request.skipIfUnchanged === true && parent?.tree === tree;
    const id = request.dryRun || unchanged ? null : await saveSnapshot(session, {
      time: formatTime(fromMillis(time)), tree, paths: absolute, hostname: host, ...owner(), program_version: programVersion, summary,
      ...(parent ? { parent: parent.id } : {}), ...(request.tags ? { tags: request.tags } : {}), ...excludesOf(request),
    });
    if (!request.dryRun) await session.memory.noteEnd(true);
    return {
      message_type: 'summary', dry_run: data.dryRun, ...summary, total_duration: (Date.now() - started) / 1000, tree_id: tree,
      ...(id ? { snapshot_id: id } : {}), ...(parent ? { parent_id: parent.id } : {}),
      error_count: tally.errorCount, errors: tally.errors, excluded: tally.excludedByRule(),
    };
  } catch (error) {
    stop.abort();
    throw failure ?? error;
  } finally {
    walking = false;
    reporter.stop();
    signal.removeEventListener('abort', cancel);
    await pool.close();
    trees.abandon();
    await saver.abandon();
    await repository.backend.discardSpool();
  }
}

/** The folders of streams: they name a snapshot, so that a database that comes or goes does not make it another series. */
function placesOf({ streams = [] }: Parsed): string[] {
  return [...new Set(streams.map(({ path }) => (posix.dirname(path) === '/' ? path : posix.dirname(path))))];
}

function streamsOf({ streams = [] }: Parsed, control: InputControl, now: number): (readonly [ByteString, TargetStream])[] {
  const { stream: open } = control;
  const opened = (number: number): AsyncIterable<Uint8Array> => {
    if (!open) throw new HoldfastError('usage', 'There are no streams to read from.');
    return open(number);
  };
  return streams.map(({ path, mode, time }, number) => [fromText(path), {
    input: () => opened(number), mode, time: fromMillis(time === undefined ? now : timeOf(time)),
  }]);
}

/** As restic, a path that is not there is left out, and told. */
function isThere(files: Files, path: ByteString, tally: BackupTally): boolean {
  try {
    files.lstat(path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return true; // the walk tells what is wrong
    tally.error(path, 'it does not exist');
    return false;
  }
}

function timeOf(text: string): number {
  const time = parseTime(text);
  if (!time) throw new HoldfastError('usage', `"${text}" is not a time. Write it like 2026-01-31T13:00:00Z.`);
  return toMillis(time);
}

function owner(): { username: string; uid: number; gid: number } {
  const { username, uid, gid } = userInfo();
  return { username, uid, gid };
}

function excludesOf(request: Parsed): { excludes?: string[] } {
  const list = [...request.excludes?.exclude ?? [], ...request.excludes?.iexclude ?? []];
  return list.length > 0 ? { excludes: list } : {};
}

async function chooseParent(request: Parsed, session: Session, snapshots: Promise<readonly Snapshot[]>, host: string, paths: readonly string[], time: number): Promise<Snapshot | null> {
  if (request.force) return null;
  if (request.parent !== undefined) return findSnapshot(session.repository, request.parent, undefined, session.signal);
  return findParent(await snapshots, host, paths, time);
}

async function treeOrNull(reader: BlobReader, id: Id, session: Session): Promise<Node[] | null> {
  try {
    return await reader.tree(id, session.signal);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    session.warn(`${error.message} Files below it are read again.`);
    return null;
  }
}

async function saveSnapshot(session: Session, snapshot: SnapshotFile): Promise<Id> {
  return session.repository.save('snapshots', encodeSnapshot(snapshot), session.signal);
}
