/** The worker's side of a backup: read, chunk, hash, ask whether it is known, compress, seal, append to a pack. */
import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { codeOf } from '../backend/local-errors.js';
import { FileChunker, readFrom } from '../chunker/file-chunker.js';
import { Zstd } from '../compress/zstd.js';
import { Sealer } from '../format/crypto.js';
import type { Id } from '../format/id.js';
import { toBytes, type ByteString } from '../format/text.js';
import { KnownBlobs } from '../index/known-blobs.js';
import { PackWriter } from '../pack/pack-writer.js';
import { Files } from '../posix/files.js';
import { lowerPriority } from '../posix/priority.js';
import { Kernel } from '../wasm/kernel.js';
import { HoldfastError } from '../../shared/errors.js';
import { BlobOpener } from '../repository/blob-opener.js';
import { garbageMeter } from './collect.js';
import { FolderLook } from './folder-look.js';
import { sharedWords, type ArchiveData, type ArchiveResult, type ArchiveTask, type BlobCounts, type FileResult, type FileToRead } from './messages.js';

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** How often a file that changes under our eyes is read again. */
const attempts = 3;

class ReadFailure extends Error {
  constructor(readonly failure: unknown) {
    super('a source file could not be read');
  }
}

/** Keeps errors of the source apart from errors of the destination. */
function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ReadFailure(error);
  }
}

export function archiveHandler(data: ArchiveData, emit: (event: unknown) => void): (task: ArchiveTask) => ArchiveResult {
  if (data.gentle) lowerPriority();
  const kernel = new Kernel();
  const chunker = new FileChunker(kernel, data.repository.polynomial);
  const known = KnownBlobs.attach(data.known);
  const sealer = new Sealer(data.repository.keys, kernel);
  const packs = new PackWriter({
    sealer, zstd: data.repository.version < 2 ? null : new Zstd(data.compression),
    spoolFolder: data.spoolFolder, packSize: data.packSize, dryRun: data.dryRun, onFull: (pack) => { emit({ kind: 'pack', pack }); },
  });
  const garbage = garbageMeter();
  let looker: FolderLook | null = null;
  const words = new Int32Array(data.shared);
  const counters = new BigInt64Array(data.shared);
  let counts: BlobCounts = { blobs: 0, added: 0, packed: 0 };

  function store(chunk: Buffer): Id {
    if (Atomics.load(words, sharedWords.cancelled) !== 0) throw new HoldfastError('cancelled', 'Cancelled.');
    const idBytes = hash('sha256', chunk, 'buffer');
    const id = idBytes.toString('hex');
    if (known.add(idBytes)) {
      const blob = packs.add('data', id, chunk);
      counts.blobs++;
      counts.added += chunk.length;
      counts.packed += blob.length;
      garbage(blob.length);
    }
    Atomics.add(counters, sharedWords.bytesDone / 2, BigInt(chunk.length));
    return id;
  }

  function readOnce(descriptor: number, sizeHint: number): { content: Id[]; size: number } {
    const content: Id[] = [];
    const read = readFrom(descriptor);
    const size = chunker.chunk((view) => reading(() => read(view)), sizeHint, (chunk) => { content.push(store(chunk)); });
    return { content, size };
  }

  function readFile(file: FileToRead): FileResult {
    const descriptor = reading(() => openSync(toBytes(file.path), readFlags));
    try {
      let expected = { size: file.size, mtimeMs: file.mtimeMs, ino: Number(file.ino) };
      let stale = false;
      for (let attempt = 1; ; attempt++) {
        const { content, size } = readOnce(descriptor, expected.size);
        const now = reading(() => fstatSync(descriptor));
        if (!now.isFile()) throw new ReadFailure(new Error('it is no longer a file'));
        const same = now.size === expected.size && size === expected.size && now.mtimeMs === expected.mtimeMs && now.ino === expected.ino;
        if (same || attempt === attempts) return { content, size, stale: stale || !same, unstable: !same };
        stale = true;
        expected = now;
      }
    } finally {
      closeSync(descriptor);
    }
  }

  function tryFile(file: FileToRead): FileResult {
    try {
      return readFile(file);
    } catch (error) {
      if (!(error instanceof ReadFailure)) throw error;
      const { failure } = error;
      return {
        content: [], size: 0, stale: false, unstable: false,
        error: { code: codeOf(failure) ?? '', message: failure instanceof Error ? failure.message : String(failure) },
      };
    }
  }

  function withFile<T>(path: ByteString, work: (descriptor: number) => T): T {
    try {
      const descriptor = reading(() => openSync(toBytes(path), readFlags));
      try {
        return work(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw error instanceof ReadFailure ? error.failure : error;
    }
  }

  function storeChunks(path: ByteString, from: number, lengths: readonly number[]): FileResult {
    return withFile(path, (descriptor) => {
      const content: Id[] = [];
      let size = 0;
      for (const length of lengths) {
        const chunk = chunker.fill(readFrom(descriptor, from + size), length);
        if (chunk.length > 0) content.push(store(chunk));
        size += chunk.length;
        if (chunk.length < length) break; // it has become shorter
      }
      return { content, size, stale: false, unstable: false };
    });
  }

  function takeCounts(): BlobCounts {
    const taken = counts;
    counts = { blobs: 0, added: 0, packed: 0 };
    return taken;
  }

  return (task) => {
    switch (task.kind) {
      case 'files': return { kind: 'files', results: task.files.map(tryFile), counts: takeCounts() };
      case 'cuts': return { kind: 'cuts', ...withFile(task.path, (descriptor) => chunker.lengths(readFrom(descriptor, task.from), task.most)) };
      case 'chunks': return { kind: 'files', results: [storeChunks(task.path, task.from, task.lengths)], counts: takeCounts() };
      case 'blob': {
        const chunk = Buffer.from(task.bytes.buffer, task.bytes.byteOffset, task.bytes.byteLength);
        const content = [store(chunk)];
        garbage(chunk.length);
        return { kind: 'files', results: [{ content, size: chunk.length, stale: false, unstable: false }], counts: takeCounts() };
      }
      case 'look': {
        const look = looker ??= new FolderLook({ opener: new BlobOpener(sealer, true), known, files: new Files(), withAtime: data.withAtime });
        return { kind: 'look', unchanged: task.folders.map((folder) => look.look(folder)) };
      }
      case 'flush': packs.finish(); break;
      case 'abandon': packs.abandon(); break;
    }
    return { kind: 'done', counts: takeCounts() };
  };
}
