/** Stores a stream as one file, as restic does with its standard input. */
import { createHash } from 'node:crypto';
import { HoldfastError } from '../../shared/errors.js';
import { StreamChunker } from '../chunker/file-chunker.js';
import type { Id } from '../format/id.js';
import { goMode } from '../format/mode.js';
import { encodeNode, isSafeName, type Node } from '../format/node.js';
import type { ByteString } from '../format/text.js';
import type { Time } from '../format/time.js';
import { encodeTree } from '../format/tree.js';
import type { Files } from '../posix/files.js';
import type { Kernel } from '../wasm/kernel.js';
import type { ArchiveEvents } from './archiver.js';
import type { FileQueue } from './file-queue.js';
import type { TreeStore } from './tree-builder.js';

export interface StreamOptions {
  /** A name, or a path whose folders are made up. */
  readonly name: ByteString;
  readonly input: AsyncIterable<Uint8Array> | undefined;
  readonly time: Time;
  readonly kernel: Kernel;
  readonly polynomial: bigint;
  readonly queue: FileQueue;
  readonly trees: TreeStore;
  readonly events: ArchiveEvents;
  readonly files: Files;
  readonly signal: AbortSignal;
}

/** Chunks on their way to the workers. */
const mostWaiting = 4;

/** @returns the root tree's ID. An input that fails ends the backup: half a stream is no backup. */
export async function archiveStream(options: StreamOptions): Promise<Id> {
  const parts = options.name.split('/').filter((part) => part !== '');
  if (parts.length === 0 || !parts.every(isSafeName)) throw new HoldfastError('usage', 'The name for the stream is not a file name. Give one like dump.sql.');
  if (!options.input) throw new HoldfastError('usage', 'There is no stream to read from.');
  const chunker = new StreamChunker(options.kernel, options.polynomial);
  const content: Promise<Id>[] = [];
  let size = 0;
  const store = async (chunk: Buffer): Promise<void> => {
    const stored = options.queue.store(chunk);
    stored.catch(() => undefined); // awaited below
    content.push(stored);
    size += chunk.length;
    await content.at(-mostWaiting);
  };
  for await (const piece of options.input) {
    options.signal.throwIfAborted();
    for (const chunk of chunker.push(piece)) await store(chunk);
  }
  const rest = chunker.finish();
  if (rest) await store(rest);

  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const node = (name: ByteString, more: Pick<Node, 'type' | 'mode' | 'size' | 'content' | 'subtree'>): Node => ({
    name, ...more, mtime: options.time, atime: options.time, ctime: options.time, uid, gid,
    user: options.files.userName(uid), group: options.files.groupName(gid), inode: 0, deviceId: 0, links: 0, linkTarget: '', xattrs: [], device: 0,
  });
  const save = (entry: Node): Id => {
    const bytes = encodeTree([encodeNode(entry)]);
    const id = createHash('sha256').update(bytes).digest('hex');
    options.trees.save(id, bytes);
    return id;
  };
  const name = parts.pop() ?? '';
  let tree = save(node(name, { type: 'file', mode: goMode(0o100644), size, content: await Promise.all(content), subtree: null }));
  options.events.file('new', size, options.name);
  for (const folder of parts.reverse()) {
    tree = save(node(folder, { type: 'dir', mode: goMode(0o040755), size: 0, content: null, subtree: tree }));
    options.events.folder('new');
  }
  return tree;
}
