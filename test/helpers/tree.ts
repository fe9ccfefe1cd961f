/** A tree as it is stored, in memory of its own. */
import { ByteWriter } from '../../main/backup/format/byte-writer.js';
import type { Node } from '../../main/backup/format/node.js';
import { writeTree } from '../../main/backup/format/tree.js';

export function encodeTree(nodes: readonly Node[]): Buffer {
  const out = new ByteWriter();
  writeTree(out, nodes);
  return Buffer.from(out.bytes);
}
