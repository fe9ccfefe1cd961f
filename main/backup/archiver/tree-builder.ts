/**
 * Puts folders together while their files are still being read. A folder's tree is stored when the last of its entries
 * has arrived, so folders are stored after what they hold.
 */
import type { Id } from '../format/id.js';
import type { Node } from '../format/node.js';

export interface TreeStore {
  /** Stores a folder's entries, which are in order, unless the repository has them. */
  save(nodes: readonly Node[]): Id;
}

export class Folder {
  private readonly entries: (Node | null)[] = [];
  /** Entries to come, and one for the walk itself. */
  private missing = 1;

  constructor(
    private readonly store: TreeStore,
    /** Called with the tree's ID when it has been stored. */
    private readonly done: (tree: Id, entries: number) => void,
  ) {}

  /** An entry that is complete. */
  add(node: Node): void {
    this.entries.push(node);
  }

  /** Keeps the place of an entry that will come. @returns how to fill it; null leaves it out */
  reserve(): (node: Node | null) => void {
    const place = this.entries.push(null) - 1;
    this.missing++;
    return (node) => {
      this.entries[place] = node;
      this.arrived();
    };
  }

  /** No more entries will be added. */
  close(): void {
    this.arrived();
  }

  private arrived(): void {
    if (--this.missing > 0) return;
    const nodes = this.entries.filter((entry) => entry !== null);
    const id = this.store.save(nodes);
    this.entries.length = 0;
    this.done(id, nodes.length);
  }
}
