/**
 * Fills one pack after another: blobs are compressed, sealed side by side in memory and appended to a spool file.
 * A full pack gets its header and its name and is handed on; saving it is somebody else's job.
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { localError } from '../backend/local-errors.js';
import type { Spool } from '../backend/backend.js';
import type { Zstd } from '../compress/zstd.js';
import { overhead, type Sealer } from '../format/crypto.js';
import type { Id } from '../format/id.js';
import { encodeHeader, maxHeaderEntries, type BlobType, type PackedBlob } from '../format/pack-header.js';
import { looksIncompressible } from '../compress/estimate.js';

export interface FinishedPack extends Spool {
  readonly id: Id;
  readonly blobs: PackedBlob[];
}

export interface PackWriterOptions {
  readonly sealer: Sealer;
  /** Null in a version 1 repository. */
  readonly zstd: Zstd | null;
  readonly spoolFolder: string;
  /** A pack is finished when it has at least this many bytes. */
  readonly packSize: number;
  readonly onFull: (pack: FinishedPack) => void;
  /** Throw nothing away on disk: a dry run measures and writes nothing. */
  readonly dryRun: boolean;
}

/** How many packs this thread has begun: makes their names differ. */
let begun = 0;
/** Blobs up to this size are sealed in place. */
const stagingBytes = 2 * 1024 * 1024;
const flushAt = 512 * 1024;

interface OpenPack {
  readonly path: string;
  readonly descriptor: number;
  readonly hash: Hash;
  readonly blobs: PackedBlob[];
  size: number;
}

export class PackWriter {
  private readonly staging: Buffer = Buffer.allocUnsafeSlow(stagingBytes);
  private staged = 0;
  private open: OpenPack | null = null;

  constructor(private readonly options: PackWriterOptions) {}

  /** Stores a blob. @returns how it was stored */
  add(type: BlobType, id: Id, plain: Uint8Array): PackedBlob {
    const pack = this.current();
    let content = plain;
    let uncompressedLength = 0;
    const { zstd } = this.options;
    if (zstd && plain.length > 0 && (type === 'tree' || zstd.enabled)) {
      if (type === 'tree' || !looksIncompressible(plain, zstd)) {
        const smaller = zstd.compress(plain);
        if (smaller.length < plain.length || type === 'tree') {
          content = smaller;
          uncompressedLength = plain.length;
        }
      }
    }
    const blob = this.describe(pack, type, id, content.length + overhead, uncompressedLength);
    if (this.options.dryRun) pack.size += blob.length;
    else if (blob.length > stagingBytes) {
      this.flush(pack);
      this.write(pack, this.options.sealer.seal(content));
    } else {
      if (this.staged + blob.length > stagingBytes) this.flush(pack);
      this.options.sealer.sealInto(content, this.staging.subarray(this.staged, this.staged + blob.length));
      this.staged += blob.length;
      if (this.staged >= flushAt) this.flush(pack);
    }
    this.added(pack, blob);
    return blob;
  }

  /** Stores a blob that is sealed with this repository's key already, as it is. */
  addSealed(type: BlobType, id: Id, sealed: Uint8Array, uncompressedLength: number): PackedBlob {
    const pack = this.current();
    const blob = this.describe(pack, type, id, sealed.length, uncompressedLength);
    if (this.options.dryRun) pack.size += blob.length;
    else {
      this.flush(pack);
      this.write(pack, sealed);
    }
    this.added(pack, blob);
    return blob;
  }

  private describe(pack: OpenPack, type: BlobType, id: Id, length: number, uncompressedLength: number): PackedBlob {
    return { id, type, offset: pack.size + this.staged, length, uncompressedLength };
  }

  private added(pack: OpenPack, blob: PackedBlob): void {
    pack.blobs.push(blob);
    if (pack.size + this.staged >= this.options.packSize || pack.blobs.length >= maxHeaderEntries) this.finish();
  }

  /** Bytes in the pack that is being filled. */
  get pending(): number {
    return this.open ? this.open.size + this.staged : 0;
  }

  /** Ends the pack that is being filled, if there is one. */
  finish(): void {
    const pack = this.open;
    if (!pack) return;
    if (this.options.dryRun) {
      this.open = null;
      return;
    }
    this.flush(pack);
    const header = this.options.sealer.seal(encodeHeader(pack.blobs));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    this.write(pack, Buffer.concat([header, length]));
    closeSync(pack.descriptor);
    this.open = null;
    this.options.onFull({ id: pack.hash.digest('hex'), path: pack.path, size: pack.size, blobs: pack.blobs });
  }

  /** Throws the pack that is being filled away. */
  abandon(): void {
    const pack = this.open;
    this.open = null;
    this.staged = 0;
    if (!pack || this.options.dryRun) return;
    closeSync(pack.descriptor);
    rmSync(pack.path, { force: true });
  }

  private current(): OpenPack {
    if (this.open) return this.open;
    const path = join(this.options.spoolFolder, `pack-${threadId}-${begun++}`);
    let descriptor = -1;
    if (!this.options.dryRun) {
      try {
        descriptor = openSync(path, 'wx', 0o600);
      } catch (error) {
        throw localError(error, this.options.spoolFolder);
      }
    }
    this.staged = 0;
    this.open = { path, descriptor, hash: createHash('sha256'), blobs: [], size: 0 };
    return this.open;
  }

  private flush(pack: OpenPack): void {
    if (this.staged === 0) return;
    const bytes = this.staging.subarray(0, this.staged);
    this.staged = 0;
    this.write(pack, bytes);
  }

  private write(pack: OpenPack, bytes: Uint8Array): void {
    pack.hash.update(bytes);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(pack.descriptor, bytes, done);
    } catch (error) {
      throw localError(error, this.options.spoolFolder);
    }
    pack.size += bytes.length;
  }
}
