/** Stores the trees that the repository does not have yet, in packs of their own. */
import { hash } from 'node:crypto';
import { Zstd } from '../compress/zstd.js';
import { ByteWriter } from '../format/byte-writer.js';
import type { Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import { writeTree } from '../format/tree.js';
import type { BlobIndex } from '../index/blob-index.js';
import { PackWriter, type FinishedPack } from '../pack/pack-writer.js';
import type { Repository } from '../repository/repository.js';
import type { CompressionMode } from '../types.js';
import type { BlobCounts } from '../workers/messages.js';
import type { TreeStore } from './tree-builder.js';

export class TreePacker implements TreeStore {
  readonly counts: BlobCounts = { blobs: 0, added: 0, packed: 0 };
  private readonly stored = new Set<Id>();
  private readonly packs: PackWriter;
  private readonly text = new ByteWriter();

  constructor(
    repository: Repository, private readonly index: BlobIndex,
    options: { spoolFolder: string; packSize: number; dryRun: boolean; compression: CompressionMode; onFull: (pack: FinishedPack) => void },
  ) {
    // trees are compressed even where data is not, as restic does
    const zstd = repository.config.version < 2 ? null : new Zstd(options.compression === 'off' ? 'auto' : options.compression);
    this.packs = new PackWriter({ ...options, sealer: repository.sealer, zstd });
  }

  save(nodes: readonly Node[]): Id {
    this.text.clear();
    writeTree(this.text, nodes);
    const { bytes } = this.text;
    const id = hash('sha256', bytes, 'hex');
    if (this.stored.has(id) || this.index.has('tree', id)) return id;
    this.stored.add(id);
    const blob = this.packs.add('tree', id, bytes);
    this.counts.blobs++;
    this.counts.added += bytes.length;
    this.counts.packed += blob.length;
    return id;
  }

  finish(): void {
    this.packs.finish();
  }

  abandon(): void {
    this.packs.abandon();
  }
}
