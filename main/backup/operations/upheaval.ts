/**
 * How much of a snapshot is not as it was: what was changed, removed, or no longer compresses. The last is the mark of encryption,
 * and costs nothing to see: the index knows of every blob how long it is and how long it is stored.
 */
import type { Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import { toText, type ByteString } from '../format/text.js';
import type { BlobIndex } from '../index/blob-index.js';
import { BlobReader } from '../repository/blobs.js';
import { findSnapshot } from '../repository/snapshots.js';
import { upheavalRequest, type Control, type Upheaval, type UpheavalRequest } from '../types.js';
import { withRepository } from './session.js';

/** Bytes of a sealed blob that are not content: 16 of nonce, 16 of MAC. */
const overhead = 32;
/** Files shorter than this compress badly, whatever is in them. */
const smallest = 512;
/** Text, documents of old and databases store in less than this; what is encrypted never does. */
const compressible = 0.9;
const incompressible = 0.98;

/** Compares files with content only. @throws `not-found` for a snapshot that is not there */
export async function upheaval(request: UpheavalRequest, control: Control = {}): Promise<Upheaval> {
  const parsed = upheavalRequest.parse(request);
  return withRepository(parsed.repository, 'none', control, async ({ repository, signal }) => {
    const from = await findSnapshot(repository, parsed.from, undefined, signal);
    const to = await findSnapshot(repository, parsed.to, undefined, signal);
    const { index } = await repository.loadIndex({ signal });
    const comparison = new Comparison(new BlobReader(repository, index), index, parsed.listed, signal);
    await comparison.trees(from.tree, to.tree, '');
    return comparison.result();
  });
}

class Comparison {
  private changed = 0;
  private scrambled = 0;
  private readonly paths: string[] = [];
  /** Files of one side only, by content: what merely moved is on both. True where the content compresses. */
  private readonly gone = new Map<string, { count: number; compresses: boolean }>();
  private readonly come = new Map<string, { count: number; compresses: boolean }>();

  constructor(private readonly reader: BlobReader, private readonly index: BlobIndex, private readonly listed: number, private readonly signal: AbortSignal) {}

  /** Either side may be missing: all of the other is then new, or gone. */
  async trees(from: Id | null, to: Id | null, path: ByteString): Promise<void> {
    this.signal.throwIfAborted();
    if (from === to) return;
    const old = new Map((from === null ? [] : await this.reader.tree(from, this.signal)).map((node) => [node.name, node]));
    const fresh = new Map((to === null ? [] : await this.reader.tree(to, this.signal)).map((node) => [node.name, node]));
    for (const name of new Set([...old.keys(), ...fresh.keys()])) {
      const [a, b] = [old.get(name), fresh.get(name)];
      this.files(a && isFull(a) ? a : null, b && isFull(b) ? b : null, `${path}/${name}`);
      const [below, now] = [a?.subtree ?? null, b?.subtree ?? null];
      if (below !== null || now !== null) await this.trees(below, now, `${path}/${name}`);
    }
  }

  result(): Upheaval {
    let removed = 0;
    let replaced = 0;
    for (const [content, { count, compresses }] of this.gone) {
      if (this.come.has(content)) continue; // moved
      removed += count;
      if (compresses) replaced += count;
    }
    const scrambledNew = [...this.come].reduce((sum, [content, { count, compresses }]) => sum + (compresses || this.gone.has(content) ? 0 : count), 0);
    return {
      files_changed: this.changed, files_removed: removed,
      // in place, or under another name while the readable one went
      files_scrambled: this.scrambled + Math.min(replaced, scrambledNew), changed_paths: this.paths,
    };
  }

  private files(a: Node | null, b: Node | null, path: ByteString): void {
    if (a !== null && b !== null) {
      if (contentKey(a) === contentKey(b)) return;
      this.changed++;
      if (this.paths.length < this.listed) this.paths.push(toText(path));
      if (this.compresses(a) && !this.compresses(b, incompressible)) this.scrambled++;
    } else if (a !== null) note(this.gone, a, this.compresses(a));
    else if (b !== null) note(this.come, b, this.compresses(b, incompressible));
  }

  private compresses(node: Node, limit = compressible): boolean {
    if (node.size < smallest) return false;
    let stored = 0;
    let plain = 0;
    for (const id of node.content ?? []) {
      const place = this.index.find('data', id);
      if (place === null) continue;
      const length = place.length - overhead;
      stored += length;
      plain += place.uncompressedLength === 0 ? length : place.uncompressedLength;
    }
    return stored < plain * limit;
  }
}

const isFull = (node: Node): boolean => node.type === 'file' && node.size > 0;
const contentKey = ({ content, size }: Node): string => `${size} ${(content ?? []).join('')}`;

function note(side: Map<string, { count: number; compresses: boolean }>, node: Node, compresses: boolean): void {
  const key = contentKey(node);
  const known = side.get(key);
  if (known === undefined) side.set(key, { count: 1, compresses });
  else known.count++;
}
