/** Trees: a folder's entries, sorted by the bytes of their names (facts: restic internal/data/tree.go). */
import { damaged } from './damage.js';
import { nodeFromJson, type Node } from './node.js';
import type { ByteString } from './text.js';

/** @param nodes encoded nodes, already in order */
export function encodeTree(nodes: readonly ByteString[]): Buffer {
  return Buffer.from(`{"nodes":[${nodes.join(',')}]}\n`, 'latin1');
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
