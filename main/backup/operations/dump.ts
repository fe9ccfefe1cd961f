/** The dump operation: one file, or a folder as an archive, as a stream. */
import { HoldfastError } from '../../shared/errors.js';
import { tarEnd, tarHeader, tarPadding } from '../archive/tar.js';
import { ZipWriter } from '../archive/zip.js';
import type { Id } from '../format/id.js';
import { isSafeName, type Node } from '../format/node.js';
import { fromText, type ByteString } from '../format/text.js';
import { BlobReader } from '../repository/blobs.js';
import { dumpRequest, type DumpRequest, type DumpResult, type OutputControl } from '../types.js';
import { withRepository } from './session.js';
import { nodeAt, treeOf } from './tree-of.js';

interface ArchiveSink {
  begin(path: ByteString, node: Node): Uint8Array | null;
  content(bytes: Uint8Array): Uint8Array;
  finishEntry(node: Node): Uint8Array;
  end(): Uint8Array;
}

const tarSink: ArchiveSink = {
  begin: tarHeader, content: (bytes) => bytes, finishEntry: (node) => (node.type === 'file' ? tarPadding(node.size) : Buffer.alloc(0)), end: () => tarEnd,
};

/** @throws `not-found` for a path that is not in the snapshot */
export async function dump(request: DumpRequest, control: OutputControl): Promise<DumpResult> {
  const parsed = dumpRequest.parse(request);
  return withRepository(parsed.repository, 'none', control, async ({ repository, signal }) => {
    const { index } = await repository.loadIndex({ signal });
    const reader = new BlobReader(repository, index);
    const { snapshot, tree } = await treeOf(repository, reader, parsed.snapshot, parsed.filter, signal);
    let bytes = 0;
    const give = async (piece: Uint8Array | null): Promise<void> => {
      if (!piece || piece.length === 0) return;
      bytes += piece.length;
      await control.output(piece);
    };
    const content = async (node: Node, through: (piece: Uint8Array) => Uint8Array): Promise<void> => {
      for (const id of node.content ?? []) {
        signal.throwIfAborted();
        await give(through(await reader.load('data', id, signal)));
      }
    };
    const node = await nodeAt(reader, tree, fromText(parsed.path), signal);
    if (node !== 'root' && node.type !== 'dir') {
      if (node.type !== 'file') throw new HoldfastError('usage', `${parsed.path} is a ${node.type}, which has no content. Name a file or a folder.`);
      await content(node, (piece) => piece);
      return { snapshot_id: snapshot.id, bytes };
    }
    const sink: ArchiveSink = parsed.archive === 'zip' ? zipSink() : tarSink;
    const visit = async (id: Id, prefix: ByteString): Promise<void> => {
      for (const entry of await reader.tree(id, signal)) {
        if (!isSafeName(entry.name)) throw new HoldfastError('repository-damaged', `${parsed.path} holds a name that is not allowed in a folder. Restore it instead: restore leaves such entries out.`);
        const path = `${prefix}${entry.name}`;
        const start = sink.begin(path, entry);
        if (start) {
          await give(start);
          if (entry.type === 'symlink' && parsed.archive === 'zip') await give(sink.content(Buffer.from(entry.linkTarget, 'latin1')));
          await content(entry, (piece) => sink.content(piece));
          await give(sink.finishEntry(entry));
        }
        if (entry.type === 'dir' && entry.subtree !== null) await visit(entry.subtree, `${path}/`);
      }
    };
    const start = node === 'root' ? tree : node.subtree;
    if (start !== null) await visit(start, fromText(parsed.path).replace(/^\/+|\/+$/g, '').replace(/(.)$/, '$1/'));
    await give(sink.end());
    return { snapshot_id: snapshot.id, bytes };
  });
}

function zipSink(): ArchiveSink {
  const zip = new ZipWriter();
  return { begin: (path, node) => zip.begin(path, node), content: (bytes) => zip.content(bytes), finishEntry: () => zip.finishEntry(), end: () => zip.end() };
}
