/** Trees: a folder's entries, sorted by the bytes of their names (facts: restic internal/data/tree.go). */
import type { ByteWriter } from './byte-writer.js';
import { damaged } from './damage.js';
import { nodeFromJson, writeNode, type Node } from './node.js';

/** @param nodes in order of their names' bytes */
export function writeTree(out: ByteWriter, nodes: readonly Node[]): void {
  out.text('{"nodes":[');
  nodes.forEach((node, at) => {
    if (at > 0) out.text(',');
    writeNode(out, node);
  });
  out.text(']}\n');
}

/** @throws `repository-damaged` */
export function parseTree(bytes: Uint8Array, what: string): Node[] {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (cause) {
    throw damaged(what, 'it is not JSON', cause);
  }
  if (typeof json !== 'object' || json === null || !('nodes' in json)) throw damaged(what, 'it has no list of entries');
  if (json.nodes === null) return [];
  if (!Array.isArray(json.nodes)) throw damaged(what, 'its list of entries is not a list');
  try {
    return json.nodes.map(nodeFromJson);
  } catch (cause) {
    throw damaged(what, cause instanceof Error ? cause.message : 'an entry has the wrong form', cause);
  }
}
