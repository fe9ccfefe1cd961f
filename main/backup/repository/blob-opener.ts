/** Opens sealed blobs: authenticate, decompress, compare with the ID. One per thread. */
import { hash } from 'node:crypto';
import { mostFrom } from '../compress/bomb.js';
import { Zstd } from '../compress/zstd.js';
import { overhead, type Sealer } from '../format/crypto.js';
import { damaged } from '../format/damage.js';
import { shortId, type Id } from '../format/id.js';

export interface SealedBlob {
  readonly id: Id;
  readonly uncompressedLength: number;
}

/** Larger blobs, which no program makes, get room of their own. */
const maxRoom = 8 * 1024 * 1024 + overhead;

export class BlobOpener {
  private readonly zstd: Zstd;
  private room: Buffer = Buffer.alloc(0);

  /** @param reuse what is opened is valid until the next call */
  constructor(private readonly sealer: Sealer, private readonly reuse = false) {
    this.zstd = new Zstd('auto', reuse);
  }

  /** @throws `repository-damaged` */
  open(blob: SealedBlob, sealed: Uint8Array, pack: Id): Buffer {
    const what = `blob ${shortId(blob.id)} in pack ${shortId(pack)}`;
    if (this.reuse && sealed.length > this.room.length) this.room = Buffer.allocUnsafeSlow(Math.min(maxRoom, sealed.length * 2));
    let plain = this.sealer.open(sealed, what, this.room);
    if (blob.uncompressedLength > 0) {
      plain = this.zstd.decompress(plain, Math.min(blob.uncompressedLength, mostFrom(plain.length)), what);
      if (plain.length !== blob.uncompressedLength) throw damaged(what, 'it has the wrong length');
    }
    if (hash('sha256', plain, 'hex') !== blob.id) throw damaged(what, 'its content does not fit its ID');
    return plain;
  }
}
