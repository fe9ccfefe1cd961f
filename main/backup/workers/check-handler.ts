/** The worker's side of `check --read-data`: reads a whole pack and proves every byte of it. */
import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { HoldfastError } from '../../shared/errors.js';
import { Sealer } from '../format/crypto.js';
import { lowerPriority } from '../posix/priority.js';
import { openHeader } from '../pack/header.js';
import { BlobOpener } from '../repository/blob-opener.js';
import { Kernel } from '../wasm/kernel.js';
import { garbageMeter } from './collect.js';
import { sharedWords, type CheckData, type CheckResult, type CheckTask } from './messages.js';

const roomStep = 4 * 1024 * 1024;

export function checkHandler(data: CheckData): (task: CheckTask) => CheckResult {
  if (data.gentle) lowerPriority();
  const sealer = new Sealer(data.repository.keys, new Kernel());
  const opener = new BlobOpener(sealer, true);
  let room: Buffer = Buffer.alloc(0);
  const garbage = garbageMeter();
  const words = new Int32Array(data.shared);
  const counters = new BigInt64Array(data.shared);

  /** Valid until the next call: packs are large, and the collector is slow to see it. */
  function readWhole(path: string): Buffer {
    const descriptor = openSync(path, 'r');
    try {
      const { size } = fstatSync(descriptor);
      if (room.length < size) room = Buffer.allocUnsafeSlow(Math.ceil(size / roomStep) * roomStep);
      let done = 0;
      while (done < size) {
        const count = readSync(descriptor, room, done, size - done, done);
        if (count === 0) break;
        done += count;
      }
      return room.subarray(0, done);
    } finally {
      closeSync(descriptor);
    }
  }

  return (task) => {
    if (Atomics.load(words, sharedWords.cancelled) !== 0) throw new HoldfastError('cancelled', 'Cancelled.');
    const errors: string[] = [];
    const attempt = <T>(work: () => T): T | null => {
      try {
        return work();
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error));
        return null;
      }
    };
    const bytes = attempt(() => ('path' in task.source ? readWhole(task.source.path) : Buffer.from(task.source.bytes.buffer, task.source.bytes.byteOffset, task.source.bytes.byteLength)));
    if (!bytes) return { errors, bytes: 0 };
    if (hash('sha256', bytes, 'hex') !== task.pack) errors.push('its content does not fit its name');
    const held = attempt(() => openHeader(bytes, sealer, task.pack));
    const names = new Set(held?.map((b) => `${b.id} ${b.type} ${b.offset} ${b.length} ${b.uncompressedLength}`));
    for (const blob of task.expected) {
      if (held && !names.has(`${blob.id} ${blob.type} ${blob.offset} ${blob.length} ${blob.uncompressedLength}`)) errors.push(`the index names blob ${blob.id.slice(0, 8)}, which its header does not`);
    }
    for (const blob of held ?? task.expected) {
      if (blob.offset + blob.length > bytes.length) errors.push(`blob ${blob.id.slice(0, 8)} lies beyond its end`);
      else {
        attempt(() => opener.open(blob, bytes.subarray(blob.offset, blob.offset + blob.length), task.pack));
        garbage(blob.length);
      }
    }
    if (!('path' in task.source)) garbage(bytes.length);
    Atomics.add(counters, sharedWords.bytesDone / 2, BigInt(bytes.length));
    return { errors, bytes: bytes.length };
  };
}
