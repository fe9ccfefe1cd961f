/** The worker's side of `check --read-data`: reads a whole pack and proves every byte of it. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HoldfastError } from '../../shared/errors.js';
import { Sealer } from '../format/crypto.js';
import { lowerPriority } from '../posix/priority.js';
import { openHeader } from '../pack/header.js';
import { BlobOpener } from '../repository/blob-opener.js';
import { Kernel } from '../wasm/kernel.js';
import { garbageMeter } from './collect.js';
import { sharedWords, type CheckData, type CheckResult, type CheckTask } from './messages.js';

export function checkHandler(data: CheckData): (task: CheckTask) => CheckResult {
  if (data.gentle) lowerPriority();
  const sealer = new Sealer(data.repository.keys, new Kernel());
  const opener = new BlobOpener(sealer);
  const garbage = garbageMeter();
  const words = new Int32Array(data.shared);
  const counters = new BigInt64Array(data.shared);

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
    const bytes = attempt(() => ('path' in task.source ? readFileSync(task.source.path) : Buffer.from(task.source.bytes.buffer, task.source.bytes.byteOffset, task.source.bytes.byteLength)));
    if (!bytes) return { errors, bytes: 0 };
    if (hash('sha256', bytes, 'hex') !== task.pack) errors.push('its content does not fit its name');
    const held = attempt(() => openHeader(bytes, sealer, task.pack));
    const names = new Set(held?.map((b) => `${b.id} ${b.type} ${b.offset} ${b.length} ${b.uncompressedLength}`));
    for (const blob of task.expected) {
      if (held && !names.has(`${blob.id} ${blob.type} ${blob.offset} ${blob.length} ${blob.uncompressedLength}`)) errors.push(`the index names blob ${blob.id.slice(0, 8)}, which its header does not`);
    }
    for (const blob of held ?? task.expected) {
      if (blob.offset + blob.length > bytes.length) errors.push(`blob ${blob.id.slice(0, 8)} lies beyond its end`);
      else garbage(attempt(() => opener.open(blob, bytes.subarray(blob.offset, blob.offset + blob.length), task.pack))?.length ?? 0);
    }
    garbage(bytes.length);
    Atomics.add(counters, sharedWords.bytesDone / 2, BigInt(bytes.length));
    return { errors, bytes: bytes.length };
  };
}
