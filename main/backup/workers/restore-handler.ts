/** The worker's side of a restore: reads blobs of one pack, opens them and writes them into files. */
import { hash } from 'node:crypto';
import { closeSync, constants, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { HoldfastError } from '../../shared/errors.js';
import { codeOf } from '../backend/local-errors.js';
import { Sealer } from '../format/crypto.js';
import { toBytes } from '../format/text.js';
import { Files } from '../posix/files.js';
import { applyMetadata } from '../posix/metadata.js';
import { lowerPriority } from '../posix/priority.js';
import { BlobOpener } from '../repository/blob-opener.js';
import { Kernel } from '../wasm/kernel.js';
import { garbageMeter } from './collect.js';
import { sharedWords, type BlobToWrite, type FileToWrite, type RestoreData, type RestoreResult, type RestoreTask } from './messages.js';
import { PackBytes } from './pack-bytes.js';

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const openFlags = constants.O_WRONLY | constants.O_NOFOLLOW;
/** Open files a worker keeps, for files that get several blobs. */
const mostOpen = 64;

type Failures = RestoreResult['failures'];

function isAllZero(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes[0] === 0 && bytes.compare(bytes, 0, bytes.length - 1, 1) === 0;
}

export function describeWriteError(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOSPC': case 'EDQUOT': return 'the disk is full';
    case 'EACCES': case 'EPERM': return 'no permission to write it';
    case 'EROFS': return 'the disk is read-only';
    default: return error instanceof Error ? error.message : String(error);
  }
}

export function restoreHandler(data: RestoreData): (task: RestoreTask) => RestoreResult {
  if (data.gentle) lowerPriority();
  const opener = new BlobOpener(new Sealer(data.repository.keys, new Kernel()), true);
  const files = new Files();
  const garbage = garbageMeter();
  const words = new Int32Array(data.shared);
  const counters = new BigInt64Array(data.shared);
  let buffer: Buffer = Buffer.allocUnsafeSlow(1024 * 1024);

  function checkCancelled(): void {
    if (Atomics.load(words, sharedWords.cancelled) !== 0) throw new HoldfastError('cancelled', 'Cancelled.');
  }

  /** The files of one task: opened when first written to, made when the task owns them. */
  class OpenFiles {
    private readonly open = new Map<number, number>();
    private readonly made = new Set<number>();
    constructor(private readonly list: readonly FileToWrite[]) {}

    write(file: number, bytes: Buffer, position: number): void {
      const descriptor = this.descriptor(file);
      if (data.sparse && isAllZero(bytes)) return;
      for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
    }

    /** Closes a file that is complete. */
    finish(file: number): void {
      const target = this.list[file];
      const descriptor = this.open.get(file);
      if (descriptor !== undefined) {
        this.open.delete(file);
        if (data.sparse && target?.metadata) ftruncateSync(descriptor, target.size);
        closeSync(descriptor);
      }
    }

    closeAll(): void {
      for (const descriptor of this.open.values()) closeSync(descriptor);
      this.open.clear();
    }

    private descriptor(file: number): number {
      const known = this.open.get(file);
      if (known !== undefined) return known;
      const target = this.list[file];
      if (!target) throw new Error('no such file in the task');
      if (this.open.size >= mostOpen) this.closeAll();
      const path = toBytes(target.path);
      let descriptor: number;
      if (target.metadata && !this.made.has(file)) {
        descriptor = create(path);
        this.made.add(file);
      } else descriptor = openSync(path, openFlags);
      this.open.set(file, descriptor);
      return descriptor;
    }
  }

  /** A new file in the place of whatever was there: nothing is written through a link. */
  function create(path: Buffer): number {
    try {
      return openSync(path, createFlags, 0o600);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      rmSync(path, { recursive: true, force: true });
      return openSync(path, createFlags, 0o600);
    }
  }

  function restorePack(task: Extract<RestoreTask, { kind: 'pack' }>): RestoreResult {
    const failed = new Map<number, string>();
    const open = new OpenFiles(task.files);
    const remaining = new Array<number>(task.files.length).fill(0);
    for (const blob of task.blobs) for (let i = 0; i < blob.writes.length; i += 2) remaining[blob.writes[i] ?? 0]!++;
    const source = new PackBytes(task.pack, task.source, buffer);

    const writeBlob = (blob: BlobToWrite, plain: Buffer | null, why: string): void => {
      for (let i = 0; i < blob.writes.length; i += 2) {
        const file = blob.writes[i] ?? 0;
        try {
          if (plain) open.write(file, plain, blob.writes[i + 1] ?? 0);
          else if (!failed.has(file)) failed.set(file, why);
        } catch (error) {
          if (!failed.has(file)) failed.set(file, describeWriteError(error));
        }
        if (plain) Atomics.add(counters, sharedWords.bytesDone / 2, BigInt(plain.length));
        if (--remaining[file]! === 0) finish(file);
      }
    };
    const finish = (file: number): void => {
      const target = task.files[file];
      try {
        open.finish(file);
        const problem = target?.metadata ? applyMetadata(files, target.path, target.metadata, false) : null;
        if (problem !== null && !failed.has(file)) failed.set(file, problem);
      } catch (error) {
        if (!failed.has(file)) failed.set(file, describeWriteError(error));
      }
    };

    try {
      for (const blob of task.blobs) {
        checkCancelled();
        let plain: Buffer | null = null;
        let why = '';
        try {
          plain = opener.open(blob, source.at(blob.offset, blob.length), task.pack);
        } catch (error) {
          why = error instanceof Error ? error.message : String(error);
        }
        writeBlob(blob, plain, why);
        garbage(blob.length);
      }
    } finally {
      open.closeAll();
      buffer = source.close();
    }
    return { failures: [...failed].map(([file, message]) => ({ file, message })) };
  }

  function verify(task: Extract<RestoreTask, { kind: 'verify' }>): RestoreResult {
    const failures: Failures = [];
    task.files.forEach((file, number) => {
      checkCancelled();
      try {
        const descriptor = openSync(toBytes(file.path), constants.O_RDONLY | constants.O_NOFOLLOW);
        try {
          let position = 0;
          for (const blob of file.blobs) {
            if (buffer.length < blob.length) buffer = Buffer.allocUnsafeSlow(blob.length);
            const count = readSync(descriptor, buffer, 0, blob.length, position);
            if (count !== blob.length || hash('sha256', buffer.subarray(0, count), 'hex') !== blob.id) {
              failures.push({ file: number, message: `its content is not what was backed up, from byte ${position} on` });
              return;
            }
            position += blob.length;
          }
        } finally {
          closeSync(descriptor);
        }
      } catch (error) {
        failures.push({ file: number, message: error instanceof Error ? error.message : String(error) });
      }
    });
    return { failures };
  }

  return (task) => (task.kind === 'pack' ? restorePack(task) : verify(task));
}
