/** Walks the sources, compares with the parent snapshot, and builds the tree of a new one. */
import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { HoldfastError } from '../../shared/errors.js';
import { codeOf } from '../backend/local-errors.js';
import type { Id } from '../format/id.js';
import { typeOf } from '../format/mode.js';
import type { Node } from '../format/node.js';
import { toBytes, type ByteString } from '../format/text.js';
import { sameTime, toMillis, type Time } from '../format/time.js';
import type { Files } from '../posix/files.js';
import type { Stat } from '../posix/stat.js';
import type { FileResult } from '../workers/messages.js';
import type { ArchiveEvents } from './events.js';
import type { FileQueue } from './file-queue.js';
import { hasChanged, NodeMaker } from './node-maker.js';
import type { Scout } from './scout.js';
import type { StreamStore } from './stream.js';
import type { Target } from './targets.js';
import { Folder, type TreeStore } from './tree-builder.js';
import type { UnchangedFolder } from './unchanged.js';

/** Decides what is left out. `enter` and `leave` follow the walk, for rules that depend on a folder. */
export interface Selector {
  /** A target, which is never left out itself. */
  begin(stat: Stat): void;
  /** @returns the rule that excludes it, or null */
  excludes(path: ByteString, stat: Stat): string | null;
  /** @returns the rule by which the folder's content is left out, all but `keep`; or null */
  enter(path: ByteString, names: readonly ByteString[]): { rule: string; keep: ByteString } | null;
  leave(path: ByteString): void;
}

export interface ArchiverOptions {
  readonly files: Files;
  readonly queue: FileQueue;
  readonly trees: TreeStore;
  readonly streams: StreamStore;
  /** Time of folders that hold streams and are nowhere else. */
  readonly time: Time;
  readonly selector: Selector;
  readonly events: ArchiveEvents;
  /** Loads a tree of the parent; an unreadable one is null, and its files are read again. */
  readonly loadTree: (id: Id) => Promise<Node[] | null>;
  readonly hasBlob: (id: Id) => boolean;
  /** Null where every entry must be looked at. */
  readonly scout: Pick<Scout, 'verdict'> | null;
  /** Relative paths start here. */
  readonly base: ByteString;
  readonly withAtime: boolean;
  readonly ignoreCtime: boolean;
  readonly ignoreInode: boolean;
  readonly signal: AbortSignal;
  /** Waits while too much is on its way to the repository. */
  readonly room: () => Promise<void>;
}

const breathEvery = 8; // ms of work between looks at what workers have sent

/** The parent's entries, looked up in the order of their names. */
class PreviousEntries {
  private readonly byName: Map<ByteString, Node>;
  constructor(nodes: readonly Node[] | null) {
    this.byName = new Map(nodes?.map((node) => [node.name, node]));
  }
  find(name: ByteString): Node | null {
    return this.byName.get(name) ?? null;
  }
}

function reason(error: unknown): string {
  switch (codeOf(error)) {
    case 'EACCES': case 'EPERM': return 'no permission to read it';
    case 'ENOENT': return 'it vanished before it was read';
    case 'ELOOP': return 'it became a link before it was read';
    case 'EIO': return 'the disk reports an error';
    default: return error instanceof Error ? error.message : String(error);
  }
}

export class Archiver {
  private readonly nodes: NodeMaker;
  private lastBreath = performance.now();

  constructor(private readonly options: ArchiverOptions) {
    this.nodes = new NodeMaker(
      options.files, { withAtime: options.withAtime, trustCtime: !options.ignoreCtime },
      (path, error) => { options.events.error(path, `its extended attributes: ${reason(error)}`); },
    );
  }

  /**
   * @param previous root entries of the parent snapshot
   * @returns the root tree's ID
   * @throws `source-missing` when nothing of the targets is there
   */
  async run(top: Target, previous: readonly Node[] | null): Promise<Id> {
    let root: { tree: Id; entries: number } | null = null as { tree: Id; entries: number } | null;
    const folder = new Folder(this.options.trees, (tree, entries) => { root = { tree, entries }; });
    await this.targets(top, folder, new PreviousEntries(previous));
    folder.close();
    await this.options.queue.finished();
    this.options.signal.throwIfAborted();
    if (root === null) throw new HoldfastError('internal', 'The walk ended before all files were stored.');
    if (root.entries === 0) throw new HoldfastError('source-missing', 'Nothing was there to back up. Check that the folders exist and that you may read them.');
    return root.tree;
  }

  private async targets(node: Target, folder: Folder, previous: PreviousEntries, above = ''): Promise<void> {
    for (const name of [...node.children.keys()].sort()) {
      const target = node.children.get(name);
      if (!target) continue;
      const old = previous.find(name);
      if (target.path !== undefined) {
        await this.entry(folder, posix.resolve(this.options.base, target.path), name, old, true);
        continue;
      }
      const inSnapshot = `${above}/${name}`;
      if (target.stream) {
        folder.add(await this.options.streams.file(name, inSnapshot, target.stream.input(), target.stream.time, target.stream.mode));
        continue;
      }
      const made = this.folderAbove(target, name, old);
      if (!made) continue;
      const inner = this.subfolder(folder, made, old);
      await this.targets(target, inner, new PreviousEntries(await this.subtreeOf(old)), inSnapshot);
      inner.close();
    }
  }

  /** A folder above targets, with the metadata it has or, where only streams are below it, made-up ones. */
  private folderAbove(target: Target, name: ByteString, old: Node | null): Node | null {
    if (target.metadataPath === undefined) return this.options.streams.folder(name, this.options.time);
    const path = posix.resolve(this.options.base, target.metadataPath);
    const stat = this.tryStat(path);
    return stat && this.nodes.make(path, name, stat, old);
  }

  /** A folder within `parent`, whose node is added there when the folder is complete. */
  private subfolder(parent: Folder, node: Node, old: Node | null): Folder {
    const place = parent.reserve();
    return new Folder(this.options.trees, (tree) => {
      node.subtree = tree;
      const isOld = old?.type === 'dir';
      this.options.events.folder(!isOld ? 'new' : old.subtree === tree && old.mode === node.mode && old.ctime.seconds === node.ctime.seconds && old.ctime.nanos === node.ctime.nanos ? 'unmodified' : 'changed');
      place(node);
    });
  }

  private async subtreeOf(node: Node | null): Promise<Node[] | null> {
    return node?.type === 'dir' && node.subtree !== null ? this.options.loadTree(node.subtree) : null;
  }

  private tryStat(path: ByteString): Stat | null {
    try {
      return this.options.files.lstat(path);
    } catch (error) {
      this.options.events.error(path, codeOf(error) === 'ENOENT' ? 'it does not exist' : reason(error));
      return null;
    }
  }

  private async entry(folder: Folder, path: ByteString, name: ByteString, old: Node | null, explicit: boolean): Promise<void> {
    if (performance.now() - this.lastBreath > breathEvery) await this.breathe();
    const { selector, events } = this.options;
    const stat = this.tryStat(path);
    if (!stat) return;
    if (explicit) selector.begin(stat);
    const rule = explicit ? null : selector.excludes(path, stat);
    const type = typeOf(stat.mode);
    if (rule !== null) {
      events.excluded(rule, path, type !== 'dir' ? stat.size : rule.startsWith('developer') ? await this.sizeOf(path) : 0);
      return;
    }
    if (type === 'socket') return; // as restic: a socket means nothing without its process
    if (type === 'irregular') {
      events.error(path, 'it is of an unknown type');
      return;
    }
    let node: Node;
    try {
      node = this.nodes.make(path, name, stat, old);
    } catch (error) {
      events.error(path, reason(error));
      return;
    }
    if (type === 'dir') await this.directory(folder, path, node, old);
    else if (type === 'file') await this.file(folder, path, node, stat, old);
    else folder.add(node);
  }

  private async directory(parent: Folder, path: ByteString, node: Node, old: Node | null): Promise<void> {
    const place = parent.reserve();
    await this.content(path, old?.type === 'dir' ? old.subtree : null, (tree) => {
      if (tree === null) {
        place(null);
        return;
      }
      node.subtree = tree;
      const isOld = old?.type === 'dir';
      this.options.events.folder(!isOld ? 'new' : old.subtree === tree && old.mode === node.mode && sameTime(old.ctime, node.ctime) ? 'unmodified' : 'changed');
      place(node);
    });
  }

  /**
   * Stores what is in a folder.
   * @param old its tree in the parent snapshot
   * @param done gets the tree, once all in it is stored; null when the folder cannot be read
   */
  private async content(path: ByteString, old: Id | null, done: (tree: Id | null) => void): Promise<void> {
    if (performance.now() - this.lastBreath > breathEvery) await this.breathe();
    const unchanged = old === null ? null : await this.options.scout?.verdict(path, old);
    if (old !== null && unchanged) await this.unchanged(path, old, unchanged, done);
    else await this.entries(path, old, done);
  }

  private async entries(path: ByteString, old: Id | null, done: (tree: Id | null) => void): Promise<void> {
    const { selector, events } = this.options;
    let names: ByteString[];
    try {
      names = readdirSync(toBytes(path), { encoding: 'latin1' }).sort();
    } catch (error) {
      events.error(path, reason(error));
      done(null);
      return;
    }
    const rule = selector.enter(path, names);
    const folder = new Folder(this.options.trees, done);
    if (rule !== null) events.excluded(rule.rule, path, 0);
    const wanted = rule === null ? names : names.filter((name) => name === rule.keep);
    const previous = new PreviousEntries(old === null ? null : await this.options.loadTree(old));
    const prefix = path === '/' ? '/' : `${path}/`;
    for (const name of wanted) await this.entry(folder, prefix + name, name, previous.find(name), false);
    selector.leave(path);
    folder.close();
  }

  /** A folder whose own entries have not changed: its tree stays unless one of the trees below it becomes another. */
  private async unchanged(path: ByteString, old: Id, found: UnchangedFolder, done: (tree: Id | null) => void): Promise<void> {
    const { events, trees } = this.options;
    const prefix = path === '/' ? '/' : `${path}/`;
    if (found.files > 0) events.unmodifiedFiles(found.files, found.bytes, prefix + found.last);
    /** What is not known to be the same: a tree, null for a folder that is gone, or who wants to be told. */
    const others = new Map<ByteString, { tree: Id | null; told: ((tree: Id | null) => void) | null; known: boolean }>();
    for (const { name, tree: before } of found.folders) {
      const state = { tree: before as Id | null, told: null as ((tree: Id | null) => void) | null, known: false };
      others.set(name, state);
      await this.content(prefix + name, before, (tree) => {
        if (tree !== null) events.folder(tree === before ? 'unmodified' : 'changed');
        state.known = true;
        state.tree = tree;
        if (tree === before) others.delete(name);
        state.told?.(tree);
      });
    }
    if (others.size === 0) {
      done(old);
      return;
    }
    const nodes = await this.options.loadTree(old);
    if (!nodes) throw new HoldfastError('repository-damaged', 'A tree of the last snapshot could be read once and then no more. Check the repository and its disk.');
    const folder = new Folder(trees, done);
    for (const node of nodes) {
      const state = others.get(node.name);
      if (!state) {
        folder.add(node);
        continue;
      }
      const place = folder.reserve();
      const fill = (tree: Id | null): void => { place(tree === null ? null : { ...node, subtree: tree }); };
      if (state.known) fill(state.tree);
      else state.told = fill;
    }
    folder.close();
  }

  private async file(folder: Folder, path: ByteString, node: Node, stat: Stat, old: Node | null): Promise<void> {
    const { queue, events, hasBlob } = this.options;
    if (old && !hasChanged(stat, old, { ctime: this.options.ignoreCtime, inode: this.options.ignoreInode })) {
      if (old.content?.every(hasBlob)) {
        node.content = old.content;
        folder.add(node);
        events.file('unmodified', stat.size, path);
        events.skippedBytes(stat.size);
        return;
      }
      events.error(path, 'parts of it are missing in the repository; it is stored again');
    }
    const place = folder.reserve();
    queue.add({ path, size: stat.size, mtimeMs: toMillis(stat.mtime), ino: stat.ino }, (result) => {
      place(this.withContent(path, node, result, old));
    });
    await queue.room();
    await this.options.room();
  }

  private withContent(path: ByteString, node: Node, result: FileResult, old: Node | null): Node | null {
    const { events } = this.options;
    if (result.error) {
      events.error(path, reason(result.error.code === '' ? new Error(result.error.message) : result.error));
      return null;
    }
    let complete = node;
    if (result.stale) {
      const now = this.tryStat(path);
      const moved = now === null || typeOf(now.mode) !== 'file';
      if (!moved) complete = this.nodes.make(path, node.name, now, null);
      const grew = moved || now.size !== result.size || toMillis(now.mtime) !== toMillis(complete.mtime);
      if (result.unstable && grew) events.error(path, 'it kept changing while it was read; what was stored may be a mixture');
    }
    complete.content = result.content;
    complete.size = result.size;
    events.file(old?.type === 'file' ? 'changed' : 'new', result.size, path);
    return complete;
  }

  /** Bytes below a folder, for telling what leaving it out has saved. */
  private async sizeOf(path: ByteString): Promise<number> {
    let sum = 0;
    for (const waiting = [path]; waiting.length > 0;) {
      const folder = waiting.pop() ?? '';
      if (performance.now() - this.lastBreath > breathEvery) await this.breathe();
      try {
        for (const name of readdirSync(toBytes(folder), { encoding: 'latin1' })) {
          const stat = this.options.files.lstat(`${folder}/${name}`);
          if (typeOf(stat.mode) === 'dir') waiting.push(`${folder}/${name}`);
          else sum += stat.size;
        }
      } catch {
        // it is left out anyway
      }
    }
    return sum;
  }

  private async breathe(): Promise<void> {
    await yieldToEvents();
    this.options.signal.throwIfAborted();
    this.lastBreath = performance.now();
  }
}
