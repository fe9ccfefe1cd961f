/** Copies blobs into new packs, each checked on the way: damage is never copied. */
import { Zstd } from '../compress/zstd.js';
import type { BlobLocation } from '../index/blob-index.js';
import { PackWriter } from '../pack/pack-writer.js';
import { BlobOpener } from '../repository/blob-opener.js';
import type { PackSaver } from '../repository/pack-saver.js';
import type { Repository } from '../repository/repository.js';

const defaultPackSize = 16 * 1024 * 1024;

export interface CopyOptions {
  readonly from: Repository;
  readonly to: Repository;
  readonly saver: PackSaver;
  readonly signal: AbortSignal;
  /** Compress what is not compressed yet. */
  readonly recompress: boolean;
  readonly onPack?: (bytes: number) => void;
}

/** @param packs the blobs to copy, by the pack they lie in, in order of offset */
export async function copyBlobs(packs: Iterable<readonly [string, readonly BlobLocation[]]>, options: CopyOptions): Promise<void> {
  const { from, to, saver, signal } = options;
  const spoolFolder = await to.backend.spoolFolder();
  const writer = (): PackWriter => new PackWriter({
    sealer: to.sealer, zstd: to.config.version < 2 ? null : new Zstd('auto'), spoolFolder,
    packSize: defaultPackSize, dryRun: false, onFull: (pack) => { saver.add(pack); },
  });
  const writers = { data: writer(), tree: writer() };
  const opener = new BlobOpener(from.sealer);
  const verbatim = from === to;
  try {
    for (const [pack, blobs] of packs) {
      signal.throwIfAborted();
      const first = blobs[0];
      const last = blobs.at(-1);
      if (!first || !last) continue;
      const start = first.offset;
      const bytes = await from.backend.load({ kind: 'data', name: pack }, { offset: start, length: last.offset + last.length - start }, signal);
      for (const blob of blobs) {
        const sealed = bytes.subarray(blob.offset - start, blob.offset - start + blob.length);
        const plain = opener.open(blob, sealed, pack);
        const asItIs = verbatim && (blob.uncompressedLength > 0 || !options.recompress);
        if (asItIs) writers[blob.type].addSealed(blob.type, blob.id, sealed, blob.uncompressedLength);
        else writers[blob.type].add(blob.type, blob.id, plain);
      }
      options.onPack?.(bytes.length);
      await saver.room(4);
    }
    writers.data.finish();
    writers.tree.finish();
  } finally {
    writers.data.abandon();
    writers.tree.abandon();
  }
}
