/** Reads single blobs, trees above all. Neighbours are read along, because trees of neighbouring folders lie side by side. */
import { HoldfastError } from '../../shared/errors.js';
import { overhead } from '../format/crypto.js';
import { damaged } from '../format/damage.js';
import { shortId, type Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import type { BlobType } from '../format/pack-header.js';
import { parseTree } from '../format/tree.js';
import type { BlobIndex, BlobLocation } from '../index/blob-index.js';
import { BlobOpener, type SealedBlob } from './blob-opener.js';
import type { Repository } from './repository.js';

const windowBytes = 512 * 1024;
const windows = 24;
interface Window { pack: Id; offset: number; bytes: Buffer }

export class BlobReader {
  private cached: Window[] = [];
  /** Being read, by pack and step: many trees of one window are wanted at once. */
  private readonly reading = new Map<string, Promise<Window>>();
  private readonly opener: BlobOpener;
  private readonly glancing: BlobOpener;

  constructor(private readonly repository: Repository, private readonly index: BlobIndex) {
    this.opener = new BlobOpener(repository.sealer);
    this.glancing = new BlobOpener(repository.sealer, true);
  }

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
        return this.opener.open(place, await this.sealed(place, signal), place.pack);
      } catch (error) {
        if (!(error instanceof HoldfastError) || (error.code !== 'repository-damaged' && error.code !== 'not-found')) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** A blob in memory that is used again by the next call. @returns null when it is nowhere @throws `repository-damaged` when it is broken in its first place */
  async glance(type: BlobType, id: Id, signal?: AbortSignal): Promise<Buffer | null> {
    const place = this.index.find(type, id);
    return place && this.glancing.open(place, await this.sealed(place, signal), place.pack);
  }

  /** A copy of a blob as it lies in its pack, for another thread to open. @returns null when it is nowhere */
  async sealedCopy(type: BlobType, id: Id, signal?: AbortSignal): Promise<(SealedBlob & { pack: Id; sealed: Uint8Array }) | null> {
    const place = this.index.find(type, id);
    if (!place) return null;
    return { id, pack: place.pack, uncompressedLength: place.uncompressedLength, sealed: new Uint8Array(await this.sealed(place, signal)) };
  }

  private async sealed(place: BlobLocation, signal?: AbortSignal): Promise<Buffer> {
    if (place.length < overhead) throw damaged(`pack ${shortId(place.pack)}`, 'the index names an impossible blob in it');
    const end = place.offset + place.length;
    const holds = (w: Window): boolean => w.pack === place.pack && w.offset <= place.offset && end <= w.offset + w.bytes.length;
    const hit = this.cached.findIndex(holds);
    let window = this.cached[hit];
    if (window) this.cached.splice(hit, 1);
    else {
      window = await this.shared(place, signal);
      if (!holds(window)) window = await this.read(place, signal);
      const again = this.cached.indexOf(window);
      if (again >= 0) this.cached.splice(again, 1);
    }
    this.cached.unshift(window);
    if (this.cached.length > windows) this.cached.pop();
    return window.bytes.subarray(place.offset - window.offset, end - window.offset);
  }

  private shared(place: BlobLocation, signal?: AbortSignal): Promise<Window> {
    const key = `${place.pack} ${Math.floor(place.offset / windowBytes)}`;
    let window = this.reading.get(key);
    if (!window) {
      window = this.read(place, signal).finally(() => { this.reading.delete(key); });
      this.reading.set(key, window);
    }
    return window;
  }

  private async read(place: BlobLocation, signal?: AbortSignal): Promise<Window> {
    const file = { kind: 'data', name: place.pack, metadata: place.type === 'tree' } as const;
    const { size } = await this.repository.backend.stat(file, signal);
    if (place.offset + place.length > size) throw damaged(`pack ${shortId(place.pack)}`, 'it is shorter than the index says');
    const start = Math.floor(place.offset / windowBytes) * windowBytes;
    const end = Math.min(size, Math.max(place.offset + place.length, start + windowBytes));
    return { pack: place.pack, offset: start, bytes: await this.repository.backend.load(file, { offset: start, length: end - start }, signal) };
  }
}
