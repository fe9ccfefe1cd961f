/**
 * Brings a snapshot back: folders first, then the content of files pack by pack in the workers, then links and special
 * files, and the folders' own metadata last. Trees may come from anybody: names that lead elsewhere are refused, and
 * nothing is ever written through a link.
 */
import { closeSync, constants, ftruncateSync, linkSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { HoldfastError } from '../../shared/errors.js';
import { codeOf } from '../backend/local-errors.js';
import type { Id } from '../format/id.js';
import { typeOf } from '../format/mode.js';
import { isSafeName, type Node } from '../format/node.js';
import { toBytes, toText, type ByteString } from '../format/text.js';
import { sameTime, toMillis } from '../format/time.js';
import type { BlobIndex } from '../index/blob-index.js';
import type { Files } from '../posix/files.js';
import { applyMetadata } from '../posix/metadata.js';
import type { Stat } from '../posix/stat.js';
import { describeWriteError } from '../workers/restore-handler.js';
import type { ContentWriter } from './content-writer.js';
import { metadataOf, planPacks, type PlannedFile } from './plan.js';
import type { Selection } from './selection.js';
import type { RestoreTally } from './tally.js';

export interface RestorerOptions {
  readonly files: Files;
  readonly index: BlobIndex;
  readonly loadTree: (id: Id) => Promise<Node[]>;
  readonly writer: ContentWriter;
  readonly tally: RestoreTally;
  readonly selection: Selection;
  readonly overwrite: 'always' | 'if-changed' | 'if-newer' | 'never';
  readonly deleteOthers: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Files whose content is planned at once: bounds memory, lets packs be read in few passes, and gives the workers something to do while the walk goes on. */
const filesAtOnce = 10_000;
/** So many times that are written while the walk looks for more. */
const writtenAhead = 2;
const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

interface Later { readonly path: ByteString; readonly node: Node }

export class Restorer {
  /** Files whose content was written, for verifying. */
  readonly written: PlannedFile[] = [];
  private files: PlannedFile[] = [];
  private readonly writing: Promise<void>[] = [];
  private readonly folders: Later[] = [];
  private readonly special: Later[] = [];
  private readonly links: { path: ByteString; to: ByteString; node: Node }[] = [];
  private readonly firstOfInode = new Map<string, ByteString>();
  /** Folders that were made or found; a folder that only leads to something selected is made without metadata. */
  private readonly made = new Set<ByteString>();
  private root: ByteString = '';
  private lastBreath = performance.now();

  constructor(private readonly options: RestorerOptions) {}

  /** @param target the folder that receives the tree's entries */
  async run(tree: Id, target: ByteString): Promise<void> {
    this.root = target;
    await this.walk(tree, target, '/');
    this.options.tally.walked = true;
    await this.writeFiles();
    await Promise.all(this.writing);
    if (this.options.dryRun) return;
    for (const link of this.links) this.hardLink(link.path, link.to, link.node);
    for (const { path, node } of this.special) this.makeSpecial(path, node);
    for (const { path, node } of this.folders.reverse()) this.applyTo(path, node);
  }

  private async walk(tree: Id, target: ByteString, inSnapshot: ByteString): Promise<void> {
    const { tally, selection, loadTree } = this.options;
    let nodes: Node[];
    try {
      nodes = await loadTree(tree);
    } catch (error) {
      if (this.options.signal.aborted || !(error instanceof HoldfastError)) throw error;
      tally.error(inSnapshot, error.message);
      return;
    }
    const names = new Set<ByteString>();
    for (const node of nodes) {
      if (performance.now() - this.lastBreath > 8) await this.breathe();
      const path = `${target === '/' ? '' : target}/${node.name}`;
      const snapshotPath = `${inSnapshot === '/' ? '' : inSnapshot}/${node.name}`;
      if (!isSafeName(node.name) || names.has(node.name)) {
        tally.error(snapshotPath, 'it has a name that is not allowed in a folder; it was not restored');
        continue;
      }
      names.add(node.name);
      const { take, descend } = selection.everything ? { take: true, descend: node.type === 'dir' } : selection.decide(toText(snapshotPath), node.type === 'dir');
      if (node.type === 'dir') {
        if (take && this.folder(path)) this.folders.push({ path, node });
        if (descend && node.subtree !== null) await this.walk(node.subtree, path, snapshotPath);
      } else if (take && this.folder(target)) await this.entry(path, node);
    }
    if (this.options.deleteOthers && this.made.has(target)) this.removeOthers(target, inSnapshot, names);
  }

  private async entry(path: ByteString, node: Node): Promise<void> {
    const { tally } = this.options;
    tally.files++;
    if (this.mayKeep(path, node)) {
      tally.skipped(node.size);
      return;
    }
    if (node.type !== 'file') {
      if (node.type === 'symlink' || node.type === 'fifo' || node.type === 'dev' || node.type === 'chardev') this.special.push({ path, node });
      return;
    }
    if (Number(node.links) > 1) {
      const key = `${node.deviceId}:${node.inode}`;
      const first = this.firstOfInode.get(key);
      if (first !== undefined) {
        this.links.push({ path, to: first, node });
        return;
      }
      this.firstOfInode.set(key, path);
    }
    tally.expect(node.size);
    this.files.push({ path, node, packs: 0 });
    if (this.files.length >= filesAtOnce) await this.writeFiles();
  }

  /** By the overwrite mode: whether what is there stays. */
  private mayKeep(path: ByteString, node: Node): boolean {
    const { overwrite } = this.options;
    if (overwrite === 'always') return false;
    const there = this.stat(path);
    if (!there) return false;
    if (overwrite === 'never') return true;
    // a folder, or a link, is not an older version of a file: what is below it may be newer
    if (overwrite === 'if-newer' && typeOf(there.mode) !== node.type) return true;
    if (overwrite === 'if-newer') return toMillis(there.mtime) >= toMillis(node.mtime);
    return typeOf(there.mode) === node.type && (node.type !== 'file' || (there.size === node.size && sameTime(there.mtime, node.mtime)));
  }

  private async writeFiles(): Promise<void> {
    const { index, tally, writer, dryRun } = this.options;
    const files = this.files;
    this.files = [];
    if (dryRun) {
      tally.restored += files.length;
      return;
    }
    const broken = new Set<PlannedFile>();
    const plans = planPacks(files, index, (file, blob) => {
      broken.add(file);
      tally.error(file.path, `a part of its content (${blob.slice(0, 8)}) is missing in the repository`);
    });
    for (const file of files) if (file.packs !== 1) await this.prepare(file);
    const work = writer.write(plans, (file) => {
      if (broken.has(file)) return;
      tally.restored++;
      this.written.push(file);
      if (file.wasShared) this.applyTo(file.path, file.node);
    });
    work.catch(() => undefined); // thrown where it is waited for
    this.writing.push(work);
    while (this.writing.length > writtenAhead) await this.writing.shift();
  }

  /** Makes a file that several tasks write to, or that has no content. */
  private async prepare(file: PlannedFile): Promise<void> {
    if (performance.now() - this.lastBreath > 8) await this.breathe();
    try {
      this.clear(file.path);
      const descriptor = openSync(toBytes(file.path), createFlags, 0o600);
      if (file.node.size > 0) ftruncateSync(descriptor, file.node.size);
      closeSync(descriptor);
    } catch (error) {
      this.options.tally.error(file.path, describeWriteError(error));
      return;
    }
    if (file.packs > 0) return;
    this.applyTo(file.path, file.node);
    this.options.tally.restored++;
  }

  /** Makes sure that a real folder is at `path`, and all folders on the way. What else is there gives way, links above all. */
  private folder(path: ByteString): boolean {
    if (this.made.has(path) || this.options.dryRun) return true;
    const isRoot = path === this.root;
    if (!isRoot && !this.folder(path.slice(0, path.lastIndexOf('/')) || '/')) return false;
    try {
      const there = isRoot ? null : this.stat(path);
      if (there && typeOf(there.mode) !== 'dir') {
        const { overwrite } = this.options;
        if (overwrite === 'never' || overwrite === 'if-newer') throw new Error('something else than a folder is there; it was left alone');
        this.clear(path);
      }
      // the target itself was named by a person: links on the way to it are theirs
      if (there === null || typeOf(there.mode) !== 'dir') mkdirSync(toBytes(path), { recursive: isRoot, mode: 0o700 });
    } catch (error) {
      this.options.tally.error(path, describeWriteError(error));
      return false;
    }
    this.made.add(path);
    return true;
  }

  private stat(path: ByteString): Stat | null {
    try {
      return this.options.files.lstat(path);
    } catch {
      return null;
    }
  }

  private clear(path: ByteString): void {
    rmSync(toBytes(path), { recursive: true, force: true });
  }

  private hardLink(path: ByteString, to: ByteString, node: Node): void {
    this.make(path, node, () => { linkSync(toBytes(to), toBytes(path)); });
  }

  private makeSpecial(path: ByteString, node: Node): void {
    const { files } = this.options;
    const done = this.make(path, node, () => {
      if (node.type === 'symlink') symlinkSync(toBytes(node.linkTarget), toBytes(path));
      else if (node.type === 'fifo') files.mknod(path, 0o010600, 0);
      else files.mknod(path, (node.type === 'dev' ? 0o060000 : 0o020000) | 0o600, node.device);
    });
    if (done) this.applyTo(path, node);
  }

  private make(path: ByteString, node: Node, work: () => void): boolean {
    try {
      this.clear(path);
      work();
      this.options.tally.restored++;
      return true;
    } catch (error) {
      const code = codeOf(error);
      const refused = code === 'EPERM' && (node.type === 'dev' || node.type === 'chardev');
      this.options.tally.error(path, refused ? 'only root can make device files' : describeWriteError(error));
      return false;
    }
  }

  private applyTo(path: ByteString, node: Node): void {
    const problem = applyMetadata(this.options.files, path, metadataOf(node), node.type === 'symlink');
    if (problem !== null) this.options.tally.error(path, problem);
  }

  private removeOthers(target: ByteString, inSnapshot: ByteString, keep: ReadonlySet<ByteString>): void {
    const { tally, selection, dryRun } = this.options;
    for (const name of readdirSync(toBytes(target), { encoding: 'latin1' })) {
      if (keep.has(name)) continue;
      const snapshotPath = `${inSnapshot === '/' ? '' : inSnapshot}/${name}`;
      if (!selection.everything && !selection.decide(toText(snapshotPath), false).take) continue;
      if (!dryRun) this.clear(`${target}/${name}`);
      tally.deleted++;
    }
  }

  private async breathe(): Promise<void> {
    await yieldToEvents();
    this.options.signal.throwIfAborted();
    this.lastBreath = performance.now();
  }
}
