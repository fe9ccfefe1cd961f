/** Stores streams as files: one that is all of a snapshot, as restic does with its standard input, or some beside what is walked. */
import { HoldfastError } from '../../shared/errors.js';
import { StreamChunker } from '../chunker/file-chunker.js';
import type { Id } from '../format/id.js';
import { goMode } from '../format/mode.js';
import { isSafeName, type Node } from '../format/node.js';
import type { ByteString } from '../format/text.js';
import type { Time } from '../format/time.js';
import type { Files } from '../posix/files.js';
import type { Kernel } from '../wasm/kernel.js';
import type { ArchiveEvents } from './events.js';
import type { FileQueue } from './file-queue.js';
import type { TreeStore } from './tree-builder.js';

export interface StreamStoreOptions {
  readonly kernel: Kernel;
  readonly polynomial: bigint;
  readonly queue: FileQueue;
  readonly events: ArchiveEvents;
  readonly files: Files;
  readonly signal: AbortSignal;
  /** Waits while too much is on its way to the repository. */
  readonly room: () => Promise<void>;
}

/** Permission bits of made-up files and folders. */
const fileMode = 0o644;
const folderMode = 0o755;

/** Chunks on their way to the workers. */
const mostWaiting = 4;

/** Makes nodes of streams, and of the folders that hold them and exist nowhere else. */
export class StreamStore {
  constructor(private readonly options: StreamStoreOptions) {}

  /** @returns the file's node. An input that fails ends the backup: half a stream is no backup. */
  async file(name: ByteString, path: ByteString, input: AsyncIterable<Uint8Array>, time: Time, mode = fileMode): Promise<Node> {
    const { events, kernel, polynomial, queue, room, signal } = this.options;
    const chunker = new StreamChunker(kernel, polynomial);
    const content: Promise<Id>[] = [];
    let size = 0;
    const store = async (chunk: Buffer<ArrayBuffer>): Promise<void> => {
      await room();
      size += chunk.length;
      const stored = queue.store(chunk);
      stored.catch(() => undefined); // awaited below
      content.push(stored);
      await content.at(-mostWaiting);
    };
    for await (const piece of input) {
      signal.throwIfAborted();
      for (const chunk of chunker.push(piece)) await store(chunk);
    }
    const rest = chunker.finish();
    if (rest) await store(rest);
    const node = this.node(name, time, { type: 'file', mode: goMode(0o100000 | mode), size, content: await Promise.all(content), subtree: null });
    events.file('new', size, path);
    return node;
  }

  folder(name: ByteString, time: Time, subtree: Id | null = null): Node {
    return this.node(name, time, { type: 'dir', mode: goMode(0o040000 | folderMode), size: 0, content: null, subtree });
  }

  private node(name: ByteString, time: Time, more: Pick<Node, 'type' | 'mode' | 'size' | 'content' | 'subtree'>): Node {
    const uid = process.getuid?.() ?? 0;
    const gid = process.getgid?.() ?? 0;
    const { files } = this.options;
    return {
      name, ...more, mtime: time, atime: time, ctime: time, uid, gid, user: files.userName(uid), group: files.groupName(gid),
      inode: 0, deviceId: 0, links: 0, linkTarget: '', xattrs: [], device: 0,
    };
  }
}

/**
 * @param name a name, or a path whose folders are made up
 * @returns the root tree's ID of a snapshot that holds one stream and nothing else
 */
export async function archiveStream(
  store: StreamStore, trees: TreeStore, events: ArchiveEvents,
  { name, input, time }: { readonly name: ByteString; readonly input: AsyncIterable<Uint8Array> | undefined; readonly time: Time },
): Promise<Id> {
  const parts = name.split('/').filter((part) => part !== '');
  if (parts.length === 0 || !parts.every(isSafeName)) throw new HoldfastError('usage', 'The name for the stream is not a file name. Give one like dump.sql.');
  if (!input) throw new HoldfastError('usage', 'There is no stream to read from.');
  let tree = trees.save([await store.file(parts.pop() ?? '', name, input, time)]);
  for (const folder of parts.reverse()) {
    tree = trees.save([store.folder(folder, time, tree)]);
    events.folder('new');
  }
  return tree;
}
