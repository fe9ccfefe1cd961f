/** Reads single blobs, trees above all. Neighbours are read along, because trees of neighbouring folders lie side by side. */
import { HoldfastError } from '../../shared/errors.js';
import { Zstd } from '../compress/zstd.js';
import { overhead } from '../format/crypto.js';
import { damaged } from '../format/damage.js';
import { hashOf, shortId, type Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import type { BlobType } from '../format/pack-header.js';
import { parseTree } from '../format/tree.js';
import type { BlobIndex, BlobLocation } from '../index/blob-index.js';
import type { Repository } from './repository.js';

const windowBytes = 512 * 1024;
const windows = 24;
/** What a blob may decompress to. Data blobs are at most 8 MiB; trees of huge folders get larger. */
const largestBlob = 2 ** 31 - 1;

interface Window { pack: Id; offset: number; bytes: Buffer }

export class BlobReader {
  private cached: Window[] = [];
  private readonly zstd = new Zstd('auto');

  constructor(private readonly repository: Repository, private readonly index: BlobIndex) {}

  async tree(id: Id, signal?: AbortSignal): Promise<Node[]> {
    return parseTree(await this.load('tree', id, signal), `tree ${shortId(id)}`);
  }

  /** @throws `repository-damaged` when it is missing or broken in every place */
  async load(type: BlobType, id: Id, signal?: AbortSignal): Promise<Buffer> {
    const places = this.index.findAll(type, id);
    if (places.length === 0) throw damaged(`${type} blob ${shortId(id)}`, 'it is in no index');
    let failure: unknown;
    for (const place of places) {
      try {
        return this.open(place, await this.sealed(place, signal));
      } catch (error) {
        if (!(error instanceof HoldfastError) || (error.code !== 'repository-damaged' && error.code !== 'not-found')) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** Authenticates, decompresses and checks a blob that was read already. */
  open(blob: BlobLocation, sealed: Uint8Array): Buffer {
    const what = `${blob.type} blob ${shortId(blob.id)} in pack ${shortId(blob.pack)}`;
    let plain = this.repository.sealer.open(sealed, what);
    if (blob.uncompressedLength > 0) {
      plain = this.zstd.decompress(plain, Math.min(blob.uncompressedLength, largestBlob), what);
      if (plain.length !== blob.uncompressedLength) throw damaged(what, 'it has the wrong length');
    }
    if (hashOf(plain) !== blob.id) throw damaged(what, 'its content does not fit its ID');
    return plain;
  }

  private async sealed(place: BlobLocation, signal?: AbortSignal): Promise<Buffer> {
    if (place.length < overhead) throw damaged(`pack ${shortId(place.pack)}`, 'the index names an impossible blob in it');
    const end = place.offset + place.length;
    const hit = this.cached.findIndex((w) => w.pack === place.pack && w.offset <= place.offset && end <= w.offset + w.bytes.length);
    let window = this.cached[hit];
    if (window) this.cached.splice(hit, 1);
    else window = await this.read(place, signal);
    this.cached.unshift(window);
    if (this.cached.length > windows) this.cached.pop();
    return window.bytes.subarray(place.offset - window.offset, end - window.offset);
  }

  private async read(place: BlobLocation, signal?: AbortSignal): Promise<Window> {
    const file = { kind: 'data', name: place.pack } as const;
    const { size } = await this.repository.backend.stat(file, signal);
    if (place.offset + place.length > size) throw damaged(`pack ${shortId(place.pack)}`, 'it is shorter than the index says');
    // walking a folder tree visits blobs mostly backwards, because folders are stored after what they hold
    const end = Math.min(size, Math.max(place.offset + place.length, Math.floor(place.offset / windowBytes + 1) * windowBytes));
    const start = Math.min(place.offset, Math.max(0, end - windowBytes));
    return { pack: place.pack, offset: start, bytes: await this.repository.backend.load(file, { offset: start, length: end - start }, signal) };
  }
}
