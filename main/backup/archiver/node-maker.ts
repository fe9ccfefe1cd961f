/** From what lstat says to a node, as restic fills it (facts: restic internal/fs/node.go). */
import { goMode, typeOf } from '../format/mode.js';
import type { ExtendedAttribute, Node, NodeHead } from '../format/node.js';
import type { ByteString } from '../format/text.js';
import { sameTime } from '../format/time.js';
import type { Files } from '../posix/files.js';
import type { Stat } from '../posix/stat.js';

export interface NodeMakerOptions {
  readonly withAtime: boolean;
  /** Without it, nothing may be taken over from a parent because of an equal ctime. */
  readonly trustCtime: boolean;
}

export function headOf(name: ByteString, stat: Stat, names: Pick<Files, 'userName' | 'groupName'>, withAtime: boolean): NodeHead {
  const type = typeOf(stat.mode);
  const linked = type === 'file' || type === 'symlink' || type === 'dev' || type === 'chardev';
  return {
    name, type, mode: goMode(stat.mode), mtime: stat.mtime, atime: withAtime ? stat.atime : stat.mtime, ctime: stat.ctime,
    uid: stat.uid, gid: stat.gid, user: names.userName(stat.uid), group: names.groupName(stat.gid),
    inode: stat.ino, deviceId: stat.dev, size: type === 'file' ? stat.size : 0, links: linked ? stat.nlink : 0,
  };
}

export class NodeMaker {
  constructor(
    private readonly files: Files, private readonly options: NodeMakerOptions,
    private readonly onAttributeError: (path: ByteString, error: unknown) => void,
  ) {}

  /**
   * @param previous the same path in the parent snapshot; what cannot have changed is taken from there
   * @throws Node's errors when a link cannot be read
   */
  make(path: ByteString, name: ByteString, stat: Stat, previous: Node | null): Node {
    const type = typeOf(stat.mode);
    const unchanged = this.options.trustCtime && previous !== null && previous.type === type
      && sameTime(previous.ctime, stat.ctime) && sameTime(previous.mtime, stat.mtime) && previous.inode === stat.ino && previous.size === (type === 'file' ? stat.size : 0)
      ? previous : null;
    const head = headOf(name, stat, this.files, this.options.withAtime);
    // named one by one: there is one of these for every file, and a spread costs more than all of lstat
    return {
      name, type, mode: head.mode, mtime: head.mtime, atime: head.atime, ctime: head.ctime, uid: head.uid, gid: head.gid, user: head.user, group: head.group,
      inode: head.inode, deviceId: head.deviceId, size: head.size, links: head.links,
      linkTarget: type === 'symlink' ? unchanged?.linkTarget ?? this.files.readlink(path) : '',
      xattrs: unchanged ? unchanged.xattrs : this.xattrs(path),
      device: type === 'dev' || type === 'chardev' ? stat.rdev : 0,
      content: null, subtree: null,
    };
  }

  private xattrs(path: ByteString): readonly ExtendedAttribute[] {
    try {
      return this.files.xattrs(path);
    } catch (error) {
      this.onAttributeError(path, error);
      return [];
    }
  }
}

/** Whether a file must be read again (facts: restic internal/archiver/archiver.go, fileChanged). */
export function hasChanged(stat: Stat, previous: Node, ignore: { ctime: boolean; inode: boolean }): boolean {
  return previous.type !== 'file' || previous.content === null || previous.size !== stat.size || !sameTime(previous.mtime, stat.mtime)
    || (!ignore.ctime && !sameTime(previous.ctime, stat.ctime))
    || (!ignore.inode && Number(previous.inode) !== Number(stat.ino));
}
