/** The diff operation: what changed between two snapshots. */
import type { Id } from '../format/id.js';
import type { Node } from '../format/node.js';
import { toText, type ByteString } from '../format/text.js';
import { sameTime } from '../format/time.js';
import type { BlobIndex } from '../index/blob-index.js';
import { BlobReader } from '../repository/blobs.js';
import { diffRequest, type Control, type DiffChange, type DiffRequest, type DiffResult, type DiffStat } from '../types.js';
import { withRepository } from './session.js';
import { treeOf } from './tree-of.js';

const emptyStat = (): DiffStat => ({ files: 0, dirs: 0, others: 0, data_blobs: 0, tree_blobs: 0, bytes: 0 });

export async function diff(request: DiffRequest, control: Control = {}): Promise<DiffResult> {
  const parsed = diffRequest.parse(request);
  return withRepository(parsed.repository, 'none', control, async ({ repository, signal }) => {
    const { index } = await repository.loadIndex({ signal });
    const reader = new BlobReader(repository, index);
    const from = await treeOf(repository, reader, parsed.from, undefined, signal);
    const to = await treeOf(repository, reader, parsed.to, undefined, signal);
    const differ = new Differ(reader, index, parsed.metadata ?? false, signal);
    await differ.trees(from.tree, to.tree, '');
    return {
      message_type: 'statistics', source_snapshot: from.snapshot.id, target_snapshot: to.snapshot.id, changed_files: differ.changedFiles,
      added: differ.stat(differ.newBlobs, differ.oldBlobs, differ.added), removed: differ.stat(differ.oldBlobs, differ.newBlobs, differ.removed), changes: differ.changes,
    };
  });
}

class Differ {
  readonly changes: DiffChange[] = [];
  readonly added = emptyStat();
  readonly removed = emptyStat();
  readonly oldBlobs = new Set<string>();
  readonly newBlobs = new Set<string>();
  changedFiles = 0;

  constructor(private readonly reader: BlobReader, private readonly index: BlobIndex, private readonly metadata: boolean, private readonly signal: AbortSignal) {}

  async trees(from: Id, to: Id, path: ByteString): Promise<void> {
    this.signal.throwIfAborted();
    this.oldBlobs.add(`tree ${from}`);
    this.newBlobs.add(`tree ${to}`);
    const old = new Map((await this.reader.tree(from, this.signal)).map((node) => [node.name, node]));
    const fresh = new Map((await this.reader.tree(to, this.signal)).map((node) => [node.name, node]));
    for (const name of [...new Set([...old.keys(), ...fresh.keys()])].sort()) {
      const a = old.get(name);
      const b = fresh.get(name);
      const nodePath = `${path}/${name}`;
      if (a && b) await this.both(a, b, nodePath);
      else if (a) await this.alone(a, nodePath, '-', this.removed, this.oldBlobs);
      else if (b) await this.alone(b, nodePath, '+', this.added, this.newBlobs);
    }
  }

  private async both(a: Node, b: Node, path: ByteString): Promise<void> {
    this.count(a, this.oldBlobs);
    this.count(b, this.newBlobs);
    let modifier = '';
    if (a.type !== b.type) modifier = 'T';
    else if (a.type === 'file' && (a.content?.length !== b.content?.length || a.content?.some((id, i) => id !== b.content?.[i]))) {
      modifier = 'M';
      this.changedFiles++;
    } else if (this.metadata && !sameMetadata(a, b)) modifier = 'U';
    if (modifier !== '') this.change(path, b, modifier);
    if (a.subtree !== null && b.subtree !== null) {
      if (a.subtree !== b.subtree) await this.trees(a.subtree, b.subtree, path);
      else await this.collectBoth(a.subtree);
    } else if (a.subtree !== null) await this.below(a.subtree, path, '-', this.removed, this.oldBlobs);
    else if (b.subtree !== null) await this.below(b.subtree, path, '+', this.added, this.newBlobs);
  }

  /** What both have in common counts for neither; the tree itself stands for all below it. */
  private async collectBoth(tree: Id): Promise<void> {
    if (this.oldBlobs.has(`tree ${tree}`) && this.newBlobs.has(`tree ${tree}`)) return;
    this.oldBlobs.add(`tree ${tree}`);
    this.newBlobs.add(`tree ${tree}`);
    for (const node of await this.reader.tree(tree, this.signal)) {
      this.count(node, this.oldBlobs);
      this.count(node, this.newBlobs);
      if (node.subtree !== null) await this.collectBoth(node.subtree);
    }
  }

  private async alone(node: Node, path: ByteString, modifier: string, stat: DiffStat, blobs: Set<string>): Promise<void> {
    this.change(path, node, modifier);
    this.count(node, blobs);
    if (node.type === 'file') stat.files++;
    else if (node.type === 'dir') stat.dirs++;
    else stat.others++;
    if (node.subtree !== null) await this.below(node.subtree, path, modifier, stat, blobs);
  }

  private async below(tree: Id, path: ByteString, modifier: string, stat: DiffStat, blobs: Set<string>): Promise<void> {
    blobs.add(`tree ${tree}`);
    for (const node of await this.reader.tree(tree, this.signal)) await this.alone(node, `${path}/${node.name}`, modifier, stat, blobs);
  }

  private count(node: Node, blobs: Set<string>): void {
    for (const id of node.content ?? []) blobs.add(`data ${id}`);
  }

  private change(path: ByteString, node: Node, modifier: string): void {
    this.changes.push({ message_type: 'change', path: toText(path) + (node.type === 'dir' ? '/' : ''), modifier });
  }

  stat(blobs: ReadonlySet<string>, others: ReadonlySet<string>, stat: DiffStat): DiffStat {
    for (const key of blobs) {
      if (others.has(key)) continue;
      const [type, id = ''] = key.split(' ');
      const place = this.index.find(type === 'tree' ? 'tree' : 'data', id);
      if (type === 'tree') stat.tree_blobs++;
      else stat.data_blobs++;
      stat.bytes += place?.length ?? 0;
    }
    return stat;
  }
}

function sameMetadata(a: Node, b: Node): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && sameTime(a.mtime, b.mtime) && a.linkTarget === b.linkTarget && a.size === b.size
    && a.xattrs.length === b.xattrs.length && a.xattrs.every((x, i) => x.name === b.xattrs[i]?.name && x.value.equals(b.xattrs[i].value));
}
